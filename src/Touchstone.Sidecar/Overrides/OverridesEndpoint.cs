using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;
using Touchstone.Sidecar.Introspection;

namespace Touchstone.Sidecar.Overrides;

/// <summary><c>/overrides</c> on the listener of operators: lists (GET), sets (POST, JSON) and ends (DELETE with <c>?rule=</c>).</summary>
/// <param name="overrides">The overrides.</param>
internal sealed class OverridesEndpoint(PolicyOverrides overrides)
{
    internal const string Path = "/overrides";

    internal async Task ServeAsync(HttpContext http)
    {
        if (http.Request.Method is "GET" or "HEAD") List(http.Response);
        else if (http.Request.Method is not ("POST" or "DELETE")) Answers.Refuse(http.Response, OAuthError.MethodNotAllowed.With("Use GET, POST or DELETE."), "GET, POST, DELETE");
        else if (Refusal(http) is { } refused) Answers.Refuse(http.Response, refused);
        else if (http.Request.Method == "DELETE") End(http);
        else await SetAsync(http);
    }

    /// <summary>Why nothing is changed by this request; null where it may.</summary>
    internal OAuthError? Refusal(HttpContext http)
    {
        if (!OperatorsOnly.Reach(http)) return OAuthError.AccessDenied.With("Other machines reach this listener without a certificate, so nothing is changed by it: give admin an address on loopback or a unix socket too, or https with admin_tls.");
        // A page in the browser of an operator reaches loopback too, by whatever name; it can't leave this header out.
        return http.Request.Headers.Origin.Count > 0 ? OAuthError.AccessDenied.With("Pages of browsers change nothing here.") : null;
    }

    /// <summary>Those in force, as a member of an object.</summary>
    internal void Tell(Utf8JsonWriter json)
    {
        json.WriteStartArray("overrides"u8);
        foreach (var (policy, until) in overrides.List())
        {
            json.WriteStartObject();
            OverrideJson.Write(json, policy, until);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void List(HttpResponse response) => Write(response, Tell);

    private async Task SetAsync(HttpContext http)
    {
        if (http.Request.ContentType is not { } type || !type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase)) Answers.Refuse(http.Response, OAuthError.UnsupportedMediaType.With("Send application/json."), "application/json");
        else if (await BoundedBody.ReadAsync(http.Request) is not { } body) Answers.Refuse(http.Response, OAuthError.ContentTooLarge);
        else
        {
            var (policy, fault) = OverrideJson.Read(body.Span);
            fault = policy is null ? fault : overrides.Set(policy);
            if (fault is null) List(http.Response);
            else Answers.Refuse(http.Response, OAuthError.InvalidRequest.With(fault));
        }
    }

    private void End(HttpContext http)
    {
        if (http.Request.Query["rule"] is not [{ Length: > 0 } rule]) Answers.Refuse(http.Response, OAuthError.InvalidRequest.With("Say which: ?rule=NAME"));
        else if (!overrides.End(rule)) Answers.Refuse(http.Response, OAuthError.NotFound.With("There is no override of this rule."));
        else List(http.Response);
    }

    private static void Write(HttpResponse response, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        Answers.Write(response, StatusCodes.Status200OK, buffer.WrittenSpan);
    }
}

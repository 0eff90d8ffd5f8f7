using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;

namespace Touchstone.Server.Http;

/// <summary>How answers are written: JSON of known length, never kept by any cache.</summary>
internal static class Responses
{
    private const string Realm = "touchstone";

    /// <summary>The challenge for who did not authenticate as a client.</summary>
    internal const string BasicChallenge = $"Basic realm=\"{Realm}\", charset=\"UTF-8\"";

    /// <summary>All but the body.</summary>
    internal static void Begin(HttpResponse response, int status, string type, int length)
    {
        response.StatusCode = status;
        SetNoStore(response);
        response.ContentType = type;
        response.ContentLength = length;
    }

    internal static void WriteJson(HttpResponse response, int status, ReadOnlySpan<byte> json)
    {
        Begin(response, status, "application/json", json.Length);
        // No flush: the server sends what lies in the pipe when the request is over, head and body in one packet.
        response.BodyWriter.Write(json);
    }

    /// <summary>RFC 6749 §5.1 asks for both headers wherever tokens, or what is known of them, travel.</summary>
    internal static void SetNoStore(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
    }

    /// <summary>When to come again (RFC 9110 §10.2.3): whole seconds, never before it is of use, at least 1.</summary>
    internal static void SetRetryAfter(HttpResponse response, TimeSpan wait) =>
        response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>RFC 6749 §5.2: <c>error</c> and <c>error_description</c>, with the header that the status asks for.</summary>
    internal static void WriteError(HttpResponse response, OAuthError error)
    {
        switch (error.Status)
        {
            case StatusCodes.Status401Unauthorized:
                response.Headers.WWWAuthenticate = BasicChallenge;
                break;
            case StatusCodes.Status405MethodNotAllowed:
                response.Headers.Allow = "POST";
                break;
            case StatusCodes.Status415UnsupportedMediaType:
                response.Headers.Accept = "application/x-www-form-urlencoded";
                break;
            case StatusCodes.Status503ServiceUnavailable:
                response.Headers.RetryAfter = "1";
                break;
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("error"u8, error.Code);
            json.WriteString("error_description"u8, Printable(error.Description));
            json.WriteEndObject();
        }
        WriteJson(response, error.Status, buffer.WrittenSpan);
    }

    /// <summary>RFC 6750 §3: a challenge for a bearer token, with the error when one was sent.</summary>
    internal static string BearerChallenge(OAuthError? error, string? scope = null)
    {
        var challenge = new StringBuilder($"Bearer realm=\"{Realm}\"");
        if (error is not null) challenge.Append($", error=\"{error.Code}\", error_description=\"{Printable(error.Description)}\"");
        if (scope is not null) challenge.Append($", scope=\"{scope}\"");
        return challenge.ToString();
    }

    // RFC 6749 A.8: a description has no quote, no backslash and no control character.
    private static string Printable(string text) => string.Create(text.Length, text, static (to, from) =>
    {
        for (var i = 0; i < from.Length; i++) to[i] = from[i] is >= ' ' and <= '~' and not '"' and not '\\' ? from[i] : '\'';
    });
}

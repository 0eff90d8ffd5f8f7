using System.Text.Unicode;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Touchstone.Server.Http;

namespace Touchstone.Server.Admin;

/// <summary>One request to the admin API by an administrator who is known, and its answer.</summary>
internal sealed class AdminExchange(HttpContext http, string actor)
{
    internal HttpContext Http { get; } = http;

    /// <summary>The client that the administrator's token was issued to.</summary>
    internal string Actor { get; } = actor;

    internal string RouteValue(string name) => (string)Http.Request.RouteValues[name]!;

    internal CancellationToken Aborted => Http.RequestAborted;

    /// <summary>Reads the body as exactly this shape. Says what is wrong with it otherwise, and the result is null.</summary>
    internal async Task<T?> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        using var body = await ReadDocumentAsync();
        return body is null ? null : Deserialize(body.RootElement, type);
    }

    internal T? Deserialize<T>(JsonElement element, JsonTypeInfo<T> type, int? index = null)
        where T : class
    {
        try
        {
            return element.Deserialize(type) ?? throw new JsonException("null is no value here");
        }
        catch (JsonException error)
        {
            Refuse(400, "The body does not have the shape that this needs.", new ProblemError(Explain(error), error.Path?.TrimStart('$', '.'), index));
            return null;
        }
    }

    internal async Task<JsonDocument?> ReadDocumentAsync()
    {
        if (Http.Request.ContentType is not { } type || !type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
        {
            Refuse(415, "Send application/json.");
            return null;
        }
        using var body = new MemoryStream();
        await Http.Request.Body.CopyToAsync(body, Aborted);
        if (!Utf8.IsValid(body.GetBuffer().AsSpan(0, (int)body.Length)))
        {
            Refuse(400, "The body is not UTF-8 (RFC 8259 section 8.1).");
            return null;
        }
        try
        {
            var document = JsonDocument.Parse(body.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 32 });
            using var check = new Utf8JsonWriter(Stream.Null);
            document.WriteTo(check);
            return document;
        }
        catch (InvalidOperationException)
        {
            // What only writing finds: half of a surrogate pair, which no UTF-8 text can hold.
            Refuse(400, "The body has a string that is not valid Unicode.");
            return null;
        }
        catch (JsonException error)
        {
            Refuse(400, "The body is not readable JSON: " + Explain(error));
            return null;
        }
    }

    internal void Answer<T>(int status, T value, JsonTypeInfo<T> type) => Responses.WriteJson(Http.Response, status, JsonSerializer.SerializeToUtf8Bytes(value, type));

    internal void Refuse(int status, string detail, params IReadOnlyList<ProblemError> errors) => Refuse(Http, status, detail, errors);

    internal static void Refuse(HttpContext http, int status, string detail, params IReadOnlyList<ProblemError> errors)
    {
        var problem = new Problem("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail, errors.Count == 0 ? null : errors);
        if (status == StatusCodes.Status503ServiceUnavailable) http.Response.Headers.RetryAfter = "1";
        Responses.WriteJson(http.Response, status, JsonSerializer.SerializeToUtf8Bytes(problem, AdminJson.Default.Problem));
        http.Response.ContentType = "application/problem+json";
    }

    // The parser's words name types of ours; what helps is where it stopped, and that a member is unknown or missing.
    private static string Explain(JsonException error)
    {
        var text = error.Message;
        var end = text.IndexOf(" Path:", StringComparison.Ordinal);
        if (text.Contains("could not be mapped", StringComparison.Ordinal)) return "a member of this name is not known";
        if (text.Contains("missing required properties", StringComparison.Ordinal)) return "required members are missing" + text[text.LastIndexOf(':')..].TrimEnd('.');
        if (text.Contains("could not be converted", StringComparison.Ordinal)) return "the value has the wrong type";
        return end < 0 ? text : text[..end];
    }
}

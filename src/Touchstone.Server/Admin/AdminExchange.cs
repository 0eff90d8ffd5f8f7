using System.Globalization;
using System.Text.Unicode;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Touchstone.Server.Http;

namespace Touchstone.Server.Admin;

/// <summary>One request to the admin API, or to what is guarded like it, by somebody who is known, and its answer.</summary>
internal sealed class AdminExchange(HttpContext http, string actor, string? tenant, TimeSpan bodyTimeout, TimeProvider time)
{
    internal HttpContext Http { get; } = http;

    /// <summary>The client that the administrator's token was issued to.</summary>
    internal string Actor { get; } = actor;

    /// <summary>The tenant of that client, where it has one: the admin API is above tenants and doesn't ask.</summary>
    internal string? Tenant { get; } = tenant;

    // The path is decoded but for a slash, which would part it.
    internal string RouteValue(string name) => ((string)Http.Request.RouteValues[name]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

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
            Refuse(400, "The body does not have the shape that this needs.", new ProblemError(Explain(error), error.Path?.TrimStart('$', '.') is { Length: > 0 } member ? member : null, index));
            return null;
        }
    }

    internal async Task<JsonDocument?> ReadDocumentAsync()
    {
        if (!MediaTypeHeaderValue.TryParse(Http.Request.ContentType, out var type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            Refuse(415, "Send application/json.");
            return null;
        }
        using var body = new MemoryStream();
        if (!await TryReadBodyAsync(body)) return null;
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

    // A list of tokens may be large and the line to the administrator slow; but it has to end.
    private async Task<bool> TryReadBodyAsync(MemoryStream body)
    {
        using var deadline = new CancellationTokenSource(bodyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, Aborted);
        try
        {
            await Http.Request.Body.CopyToAsync(body, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !Aborted.IsCancellationRequested)
        {
            Refuse(408, "The body did not come in time.");
            BodyDeadline.CloseAfter(Http, time);
            return false;
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
        if (text.Contains("could not be mapped", StringComparison.Ordinal)) return "a member of this name is not known";
        if (text.Contains("missing required properties", StringComparison.Ordinal)) return "required members are missing" + text[text.LastIndexOf(':')..].TrimEnd('.');
        if (text.Contains("could not be converted", StringComparison.Ordinal)) return "the value has the wrong type";
        if (text.Contains("doesn't allow null", StringComparison.Ordinal)) return "null is no value here";
        if (text.Contains("uplicate", StringComparison.Ordinal)) return "a member stands there twice";
        if (text.Contains("maximum configured depth", StringComparison.Ordinal)) return "it is nested too deeply";
        // The parser may quote all that follows, and in it a token: told is only where it stopped.
        return error.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $"it stops being JSON at line {line + 1}, byte {error.BytePositionInLine + 1}") : text;
    }
}

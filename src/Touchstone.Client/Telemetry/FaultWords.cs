using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Touchstone.Client.Upstream;

namespace Touchstone.Client.Telemetry;

/// <summary>What went wrong with a call, in words. Nothing of what functions of the application threw is in them, and of what a server wrote only what is known beforehand.</summary>
internal static class FaultWords
{
    internal const string NoTime = "did not answer in time", NoAnswer = "answered something that is no introspection answer", NoProof = "was not asked: this client has nothing to prove itself with";

    private const int MostBytes = 16 << 10;

    // RFC 6749 §5.2, RFC 6750 §3.1. Anything else a server may have made of what it was sent.
    private static readonly string[] Codes =
        ["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_token", "insufficient_scope", "access_denied", "server_error", "temporarily_unavailable"];

    /// <summary>Of a request that failed.</summary>
    internal static string Of(Exception failed)
    {
        for (var cause = failed; cause is not null; cause = cause.InnerException)
        {
            // By its number: the text may be anybody's.
            if (cause is SocketException socket) return $"could not be reached: {new SocketException(socket.NativeErrorCode).Message}";
            if (cause is TimeoutException) return NoTime;
            if (cause is AuthenticationException) return "could not be reached: its certificate was not accepted, or it speaks no TLS";
        }
        return failed is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown and var error } ? $"could not be reached: {error}" : "could not be reached";
    }

    /// <summary>Of an answer with another status than 200.</summary>
    internal static async ValueTask<string> OfAsync(HttpResponseMessage response, string caller, CancellationToken cancellationToken)
    {
        var code = response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? await CodeAsync(response, cancellationToken) : null;
        var told = string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode}{(code is null ? "" : " ")}{code}");
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => $"refused {caller} ({told}): look at client_id and its secret",
            HttpStatusCode.BadRequest when code is "invalid_client" => $"refused {caller} ({told}): look at client_id and its secret",
            HttpStatusCode.Forbidden => $"refused {caller} ({told}): it is known, and may not ask this",
            HttpStatusCode.TooManyRequests => $"wants {caller} to ask less ({told})",
            _ => $"answered {told}",
        };
    }

    private static async ValueTask<string?> CodeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            if (!IntrospectionEndpoint.IsJson(response.Content.Headers.ContentType) || await BoundedReading.ReadAsync(response.Content, MostBytes, cancellationToken) is not { } body) return null;
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind is JsonValueKind.Object && json.RootElement.TryGetProperty("error"u8, out var error) && error.ValueKind is JsonValueKind.String ? Codes.FirstOrDefault(error.ValueEquals) : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or OperationCanceledException || unreadable.IsOutOfReach())
        {
            return null; // The status says enough.
        }
    }
}

using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;

namespace Touchstone.Sidecar.Introspection;

/// <summary>Answers in JSON of known length, that no cache keeps.</summary>
internal static class Answers
{
    internal static void Write(HttpResponse response, int status, ReadOnlySpan<byte> json)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
        response.BodyWriter.Write(json);
    }

    /// <summary>RFC 6749 §5.2, with the header that the status asks for.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="error">What is wrong.</param>
    /// <param name="taken">The methods, or the media type, that are taken; null: those of RFC 7662.</param>
    internal static void Refuse(HttpResponse response, OAuthError error, string? taken = null)
    {
        switch (error.Status)
        {
            case StatusCodes.Status401Unauthorized: response.Headers.WWWAuthenticate = "Basic realm=\"touchstone\", charset=\"UTF-8\""; break;
            case StatusCodes.Status405MethodNotAllowed: response.Headers.Allow = taken ?? "POST"; break;
            case StatusCodes.Status415UnsupportedMediaType: response.Headers.Accept = taken ?? "application/x-www-form-urlencoded"; break;
            case StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable: response.Headers.RetryAfter = "1"; break;
        }
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("error"u8, error.Code);
            json.WriteString("error_description"u8, error.Description);
            json.WriteEndObject();
        }
        Write(response, error.Status, buffer.WrittenSpan);
    }
}

using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Touchstone.Client.Jwt;

/// <summary>What can be said of a JWT before it is judged: enough to know whose it would be, and not to believe anything.</summary>
internal static class JwtShape
{
    /// <summary>Whether a token could be a signed JWT: the beginning of a JSON object in base64url, and three parts. An opaque token pays for this and no more.</summary>
    internal static bool Is(ReadOnlySpan<char> token) => token.StartsWith("eyJ", StringComparison.Ordinal) && token.Count('.') == 2;

    /// <summary>Whom it names as its issuer; null where nobody. Whoever sent it may have written anything there.</summary>
    internal static string? IssuerOf(ReadOnlySpan<char> token)
    {
        var payload = token[(token.IndexOf('.') + 1)..token.LastIndexOf('.')];
        var bytes = ArrayPool<byte>.Shared.Rent(Base64Url.GetMaxDecodedLength(payload.Length));
        try
        {
            return Base64Url.DecodeFromChars(payload, bytes, out _, out var length) is OperationStatus.Done ? Find(bytes.AsSpan(0, length)) : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return null; // Not JSON, so nobody's JWT.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        }
    }

    // Where it is said twice, the last counts here; whoever judges refuses it.
    private static string? Find(ReadOnlySpan<byte> json)
    {
        string? issuer = null;
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return null;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isIssuer = reader.ValueTextEquals("iss"u8);
            reader.Read();
            if (isIssuer) issuer = reader.TokenType is JsonTokenType.String ? reader.GetString() : null;
            reader.Skip();
        }
        return issuer;
    }
}

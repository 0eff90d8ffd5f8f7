using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Touchstone.Protocol.Jwt;

/// <summary>The thumbprint of a public key (RFC 7638), by which a token is bound to it (<c>cnf.jkt</c>, RFC 9449 §6.1).</summary>
public static class JwkThumbprint
{
    /// <summary>The SHA-256 over the members that make the key, from a JWK with an elliptic curve or RSA; null for others. Numbers count, not how they were written.</summary>
    public static byte[]? Of(JsonElement key) => Text(key, "kty"u8) switch
    {
        "EC" when Text(key, "crv"u8) is { } curve && IsPlain(curve) && Number(key, "x"u8) is { } x && Number(key, "y"u8) is { } y => Hash($$"""{"crv":"{{curve}}","kty":"EC","x":"{{x}}","y":"{{y}}"}"""),
        "RSA" when Number(key, "e"u8, isShortest: true) is { } exponent && Number(key, "n"u8, isShortest: true) is { } modulus => Hash($$"""{"e":"{{exponent}}","kty":"RSA","n":"{{modulus}}"}"""),
        _ => null,
    };

    private static byte[] Hash(string json) => SHA256.HashData(Encoding.ASCII.GetBytes(json));

    private static bool IsPlain(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    // Written again: without padding, and an RSA number without leading zeros (RFC 7518 §2, §6.3.1). A coordinate keeps the length of its curve.
    private static string? Number(JsonElement key, ReadOnlySpan<byte> name, bool isShortest = false)
    {
        if (Text(key, name) is not { } text || !Base64Url.IsValid(text)) return null;
        var bytes = Base64Url.DecodeFromChars(text).AsSpan();
        return Base64Url.EncodeToString(isShortest ? bytes.TrimStart((byte)0) : bytes);
    }

    private static string? Text(JsonElement json, ReadOnlySpan<byte> name) => json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

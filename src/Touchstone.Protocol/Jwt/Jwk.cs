using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Touchstone.Protocol.Jwt;

/// <summary>Reads the numbers of a JWK (RFC 7518 §6): RSA of 2,048 to 8,192 bits, or a point of a NIST curve.</summary>
internal static class Jwk
{
    private const int MinRsaBytes = 256, MaxRsaBytes = 1024, MaxExponentBytes = 4;

    /// <summary>An RSA key; null where it is none (a product of primes is odd, and so is an exponent, which is 3 or more and has no leading zeros, RFC 7518 §2), or too weak.</summary>
    internal static RSAParameters? Rsa(JsonElement key) =>
        Text(key, "kty") == "RSA" && Bytes(key, "n") is { Length: >= MinRsaBytes and <= MaxRsaBytes } modulus && modulus[0] >= 0x80 && (modulus[^1] & 1) == 1
        && Bytes(key, "e") is { Length: > 0 and <= MaxExponentBytes } exponent && exponent[0] != 0 && (exponent[^1] & 1) == 1 && exponent is not [1]
            ? new RSAParameters { Modulus = modulus, Exponent = exponent }
            : null;

    /// <summary>A point, and the name of its curve; null where it is none, or does not lie on it (RFC 8725 §3.4).</summary>
    internal static (string Curve, ECParameters Point)? Point(JsonElement key)
    {
        if (Text(key, "kty") != "EC" || Text(key, "crv") is not { } name || Curve(name) is not { } curve || Bytes(key, "x") is not { } x || Bytes(key, "y") is not { } y || x.Length != curve.Size || y.Length != curve.Size) return null;
        var point = new ECParameters { Curve = curve.Curve, Q = new ECPoint { X = x, Y = y } };
        return IsOnCurve(point) ? (name, point) : null;
    }

    internal static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    /// <summary>Whether the key may be used for one of these operations (RFC 7517 §4.3): where it says nothing, it may.</summary>
    internal static bool MayDo(JsonElement key, params ReadOnlySpan<string> operations)
    {
        if (!key.TryGetProperty("key_ops", out var allowed)) return true;
        if (allowed.ValueKind is not JsonValueKind.Array) return false;
        foreach (var operation in allowed.EnumerateArray())
        {
            if (operation.ValueKind is JsonValueKind.String && operations.Contains(operation.GetString()!)) return true;
        }
        return false;
    }

    private static (ECCurve Curve, int Size)? Curve(string name) => name switch
    {
        "P-256" => (ECCurve.NamedCurves.nistP256, 32),
        "P-384" => (ECCurve.NamedCurves.nistP384, 48),
        "P-521" => (ECCurve.NamedCurves.nistP521, 66),
        _ => null,
    };

    // Importing checks it.
    private static bool IsOnCurve(ECParameters point)
    {
        try
        {
            using var curve = ECDsa.Create(point);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static byte[]? Bytes(JsonElement json, string name) => Text(json, name) is { } text && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
}

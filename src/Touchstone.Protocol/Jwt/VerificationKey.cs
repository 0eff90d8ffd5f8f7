using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Touchstone.Protocol.Jwt;

/// <summary>One public key that can verify signatures: RSA of 2,048 to 8,192 bits, or a NIST curve, which fixes the algorithm (RFC 7518 §3.4).</summary>
public sealed class VerificationKey
{
    private const int MinRsaBytes = 256, MaxRsaBytes = 1024, MaxExponentBytes = 4;

    private readonly RSAParameters? _rsa;
    private readonly ECParameters? _curve;
    private readonly string? _onlyAlgorithm;

    private VerificationKey(string? keyId, string? onlyAlgorithm, RSAParameters? rsa, ECParameters? curve)
    {
        KeyId = keyId;
        _onlyAlgorithm = onlyAlgorithm;
        _rsa = rsa;
        _curve = curve;
    }

    /// <summary><c>kid</c>; null where the key has none.</summary>
    public string? KeyId { get; }

    /// <summary>Reads a JWK; null when it is not for verifying signatures, or too weak.</summary>
    public static VerificationKey? TryRead(JsonElement key)
    {
        if (Text(key, "use") is { } use && use != "sig") return null;
        if (key.TryGetProperty("key_ops", out var operations) && (operations.ValueKind is not JsonValueKind.Array || !operations.EnumerateArray().Any(item => item.ValueKind is JsonValueKind.String && item.ValueEquals("verify")))) return null;
        var algorithm = Text(key, "alg");
        return Text(key, "kty") switch
        {
            "RSA" when Bytes(key, "n") is { Length: >= MinRsaBytes and <= MaxRsaBytes } modulus && modulus[0] >= 0x80 && Bytes(key, "e") is { Length: > 0 and <= MaxExponentBytes } exponent && (exponent[^1] & 1) == 1 && exponent is not [1] =>
                new VerificationKey(Text(key, "kid"), algorithm, new RSAParameters { Modulus = modulus, Exponent = exponent }, null),
            "EC" when Curve(Text(key, "crv")) is { } curve && Bytes(key, "x") is { } x && Bytes(key, "y") is { } y && x.Length == curve.Size && y.Length == curve.Size && (algorithm is null || algorithm == curve.Algorithm) =>
                OnCurve(new VerificationKey(Text(key, "kid"), curve.Algorithm, null, new ECParameters { Curve = curve.Curve, Q = new ECPoint { X = x, Y = y } })),
            _ => null,
        };
    }

    /// <summary>Whether this key may be used with an algorithm: one key is for one algorithm where it says so (RFC 8725 §3.1).</summary>
    public bool Fits(string algorithm) => _onlyAlgorithm is not null ? _onlyAlgorithm == algorithm : _rsa is not null && algorithm[0] is 'R' or 'P';

    /// <summary>Whether this key made a signature. The algorithm is one that <see cref="Fits"/>.</summary>
    public bool Verify(string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        var hash = algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        // Made for each use: an instance is not promised to be safe for two threads, and importing a public key takes some microseconds.
        if (_curve is { } point && algorithm[0] == 'E')
        {
            using var curve = ECDsa.Create(point);
            return curve.VerifyData(signed, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        if (_rsa is not { } parameters || algorithm[0] == 'E') return false;
        using var rsa = RSA.Create(parameters);
        return rsa.VerifyData(signed, signature, hash, algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
    }

    private static (string Algorithm, ECCurve Curve, int Size)? Curve(string? name) => name switch
    {
        "P-256" => ("ES256", ECCurve.NamedCurves.nistP256, 32),
        "P-384" => ("ES384", ECCurve.NamedCurves.nistP384, 48),
        "P-521" => ("ES512", ECCurve.NamedCurves.nistP521, 66),
        _ => null,
    };

    // Importing checks that the point lies on the curve (RFC 8725 §3.4).
    private static VerificationKey? OnCurve(VerificationKey key)
    {
        try
        {
            using var curve = ECDsa.Create(key._curve!.Value);
            return key;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static byte[]? Bytes(JsonElement json, string name) => Text(json, name) is { } text && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
}

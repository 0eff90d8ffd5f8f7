using System.Security.Cryptography;
using System.Text.Json;

namespace Touchstone.Protocol.Jwt;

/// <summary>One public key that can verify signatures: RSA of 2,048 to 8,192 bits, or a NIST curve, which fixes the algorithm (RFC 7518 §3.4).</summary>
public sealed class VerificationKey
{
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
        if (Jwk.Text(key, "use") is { } use && use != "sig") return null;
        if (!Jwk.MayDo(key, "verify")) return null;
        var (keyId, algorithm) = (Jwk.Text(key, "kid"), Jwk.Text(key, "alg"));
        if (Jwk.Rsa(key) is { } rsa) return new VerificationKey(keyId, algorithm, rsa, null);
        if (Jwk.Point(key) is not { } found || AlgorithmOf(found.Curve) is var ofCurve && algorithm is not null && algorithm != ofCurve) return null;
        return new VerificationKey(keyId, ofCurve, null, found.Point);
    }

    /// <summary>Whether this key may be used with an algorithm: one key is for one algorithm where it says so (RFC 8725 §3.1).</summary>
    public bool Fits(string algorithm) => _onlyAlgorithm is not null ? _onlyAlgorithm == algorithm : _rsa is not null && algorithm[0] is 'R' or 'P';

    /// <summary>Whether this key made a signature. The algorithm is one that <see cref="Fits"/>.</summary>
    public bool Verify(string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        try
        {
            return IsSignedBy(algorithm, signed, signature);
        }
        catch (CryptographicException)
        {
            return false; // Numbers that look like a key, and the platform finds to be none: whoever sends a proof chooses them.
        }
    }

    private bool IsSignedBy(string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
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

    // A curve fixes the algorithm (RFC 7518 §3.4).
    private static string AlgorithmOf(string curve) => curve switch { "P-256" => "ES256", "P-384" => "ES384", _ => "ES512" };
}

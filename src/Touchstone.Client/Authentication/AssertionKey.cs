using System.Security.Cryptography;

namespace Touchstone.Client;

/// <summary>A private key for <c>private_key_jwt</c>, and what the server knows it by. Safe for all threads; the key is not to be disposed of while it is used.</summary>
public sealed class AssertionKey
{
    private const int LeastRsaBits = 2048;

    private readonly Lock _one = new();
    private readonly Func<byte[], byte[]> _sign;

    /// <summary>A key of P-256, P-384 or P-521, or an RSA key of 2048 bits or more.</summary>
    /// <param name="key">An <see cref="ECDsa"/> or <see cref="RSA"/>, which may live in a vault or a token.</param>
    /// <param name="keyId"><c>kid</c>: which of the registered keys it is, up to 256 characters. Null: not said, and the server tries them all.</param>
    /// <param name="algorithm"><c>ES256</c>, <c>ES384</c>, <c>ES512</c> as the curve has it; <c>RS256</c>, <c>RS384</c>, <c>RS512</c>, <c>PS256</c>, <c>PS384</c> or <c>PS512</c>. Null: that of the curve, or <c>RS256</c>.</param>
    /// <exception cref="ArgumentException">The key is of another kind, too short, or not for this algorithm.</exception>
    public AssertionKey(AsymmetricAlgorithm key, string? keyId = null, string? algorithm = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (keyId is { Length: 0 or > 256 }) throw new ArgumentException("A kid has 1 to 256 characters.", nameof(keyId));
        var own = key switch
        {
            ECDsa ec => OfCurve(ec),
            RSA rsa when rsa.KeySize >= LeastRsaBits => "RS256",
            RSA => throw new ArgumentException("An RSA key has at least 2048 bits (RFC 7518 §3.3).", nameof(key)),
            _ => throw new ArgumentException("Give an ECDsa or an RSA key.", nameof(key)),
        };
        Algorithm = algorithm ?? own;
        var isRight = key is RSA ? Algorithm is "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512" : Algorithm == own;
        if (!isRight) throw new ArgumentException($"This key is not for {Algorithm}.", nameof(algorithm));
        var hash = HashOf(Algorithm);
        _sign = key switch
        {
            ECDsa ec => data => ec.SignData(data, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation), // RFC 7518 §3.4
            _ => data => ((RSA)key).SignData(data, hash, Algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1),
        };
        KeyId = keyId;
        Signer = new Authentication.AssertionSigner(Algorithm, KeyId, Sign);
    }

    /// <summary><c>alg</c>.</summary>
    public string Algorithm { get; }

    /// <summary><c>kid</c>; null where it has none.</summary>
    public string? KeyId { get; }

    internal Authentication.AssertionSigner Signer { get; }

    // Not every implementation of a key may sign for two at once.
    private byte[] Sign(byte[] data)
    {
        lock (_one) return _sign(data);
    }

    private static string OfCurve(ECDsa key) => key.ExportParameters(includePrivateParameters: false).Curve.Oid is { } curve ? curve.Value switch
    {
        "1.2.840.10045.3.1.7" => "ES256",
        "1.3.132.0.34" => "ES384",
        "1.3.132.0.35" => "ES512",
        _ => throw new ArgumentException("An EC key is of P-256, P-384 or P-521 (RFC 7518 §3.4).", nameof(key)),
    } : throw new ArgumentException("An EC key is of a named curve.", nameof(key));

    private static HashAlgorithmName HashOf(string algorithm) => algorithm[2..] switch
    {
        "256" => HashAlgorithmName.SHA256,
        "384" => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };
}

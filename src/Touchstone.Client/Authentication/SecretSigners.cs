using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Client.Authentication;

/// <summary>What signs with a secret that may be rotated (<c>client_secret_jwt</c>): one signer for each secret.</summary>
internal sealed class SecretSigners
{
    private readonly Func<string> _secret;
    private readonly string _algorithm;
    private readonly int _leastBytes;
    private readonly Func<byte[], byte[], byte[]> _mac;
    private volatile Known? _known;

    private sealed record Known(string Secret, AssertionSigner Signer);

    internal SecretSigners(Func<string> secret, string algorithm)
    {
        (_secret, _algorithm) = (secret, algorithm);
        (_leastBytes, _mac) = algorithm switch
        {
            "HS256" => (HMACSHA256.HashSizeInBytes, (Func<byte[], byte[], byte[]>)HMACSHA256.HashData),
            "HS384" => (HMACSHA384.HashSizeInBytes, HMACSHA384.HashData),
            "HS512" => (HMACSHA512.HashSizeInBytes, HMACSHA512.HashData),
            _ => throw new ArgumentException("The algorithm must be HS256, HS384 or HS512.", nameof(algorithm)),
        };
    }

    internal AssertionSigner Now()
    {
        var secret = _secret();
        var known = _known;
        if (known is null || known.Secret != secret) _known = known = new Known(secret, Make(Encoding.UTF8.GetBytes(secret)));
        return known.Signer;
    }

    // RFC 7518 §3.2: whoever sees one assertion could guess a shorter one at leisure.
    private AssertionSigner Make(byte[] key) =>
        key.Length >= _leastBytes ? new AssertionSigner(_algorithm, KeyId: null, data => _mac(key, data)) : throw new InvalidOperationException($"{_algorithm} needs a secret of at least {_leastBytes} bytes.");
}

using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Protocol.DPoP;

/// <summary>A DPoP proof as it was sent (RFC 9449 §4.2): read and well formed, not yet believed. <see cref="DPoPRules.Judge"/> is what believes it.</summary>
public sealed class DPoPProof
{
    /// <summary>The most characters of a proof: 8,192. A longer one is refused unread.</summary>
    public const int MaxLength = 8192;

    /// <summary>The most characters of a <c>jti</c>: 256.</summary>
    public const int MaxIdLength = 256;

    // RFC 7518 §6.2.2, §6.3.2, §6.4: with any of them the key is no public one, and is burnt.
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    private readonly SignedJwt _jwt;
    private readonly VerificationKey _key;
    private readonly byte[] _thumbprint;
    private readonly byte[]? _tokenHash;

    private DPoPProof(SignedJwt jwt, VerificationKey key, byte[] thumbprint, byte[]? tokenHash) => (_jwt, _key, _thumbprint, _tokenHash) = (jwt, key, thumbprint, tokenHash);

    /// <summary><c>alg</c>: asymmetric, and one that the key fits.</summary>
    public required string Algorithm { get; init; }

    /// <summary><c>htm</c>.</summary>
    public required string Method { get; init; }

    /// <summary><c>htu</c>.</summary>
    public required string Uri { get; init; }

    /// <summary><c>jti</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>iat</c>, in seconds since 1970.</summary>
    public required long IssuedAt { get; init; }

    /// <summary><c>nonce</c>; null when absent.</summary>
    public string? Nonce { get; init; }

    /// <summary>The thumbprint of the key (RFC 7638): 32 bytes.</summary>
    public ReadOnlySpan<byte> Thumbprint => _thumbprint;

    /// <summary>Reads a proof; the result is null when there is a fault.</summary>
    public static DPoPFault TryRead(ReadOnlySpan<char> text, out DPoPProof? proof)
    {
        proof = null;
        if (text.Length > MaxLength) return DPoPFault.TooLong;
        var bytes = new byte[text.Length];
        if (Ascii.FromUtf16(text, bytes, out _) is not OperationStatus.Done || !SignedJwt.TryRead(bytes, out var jwt)) return DPoPFault.Malformed;
        // One signature has one text: bits that decoding leaves aside are none of it.
        if (!text.EndsWith("." + Base64Url.EncodeToString(jwt.Signature.Span), StringComparison.Ordinal)) return DPoPFault.Malformed;
        return Read(jwt, out proof);
    }

    /// <summary>Whether <c>ath</c> is the hash of this token. The time it takes tells nothing.</summary>
    public bool IsFor(ReadOnlySpan<char> token)
    {
        if (_tokenHash is null) return false;
        var bytes = new byte[Encoding.UTF8.GetByteCount(token)];
        Encoding.UTF8.GetBytes(token, bytes);
        return CryptographicOperations.FixedTimeEquals(_tokenHash, SHA256.HashData(bytes));
    }

    /// <summary>Whether the key that the proof names made its signature.</summary>
    public bool IsSigned() => _key.Verify(Algorithm, _jwt.Signed.Span, _jwt.Signature.Span);

    private static DPoPFault Read(SignedJwt jwt, out DPoPProof? proof)
    {
        proof = null;
        if (!jwt.Header.TryGetProperty("typ"u8, out var type) || type.ValueKind is not JsonValueKind.String || !type.ValueEquals("dpop+jwt"u8)) return DPoPFault.OtherKind;
        if (jwt.Algorithm is not { } algorithm || !DPoPRules.Algorithms.Contains(algorithm) || jwt.IsExtended) return DPoPFault.Algorithm;
        if (!jwt.Header.TryGetProperty("jwk"u8, out var jwk) || jwk.ValueKind is not JsonValueKind.Object || PrivateMembers.Any(member => jwk.TryGetProperty(member, out _))) return DPoPFault.Key;
        if (VerificationKey.TryRead(jwk) is not { } key || !key.Fits(algorithm) || JwkThumbprint.Of(jwk) is not { } thumbprint) return DPoPFault.Key;
        if (jwt.Text("jti"u8) is not { Length: > 0 and <= MaxIdLength } id) return DPoPFault.Id;
        if (jwt.Text("htm"u8) is not { } method || jwt.Text("htu"u8) is not { } uri || !jwt.TryReadTime("iat"u8, out var issued) || issued is null) return DPoPFault.Malformed;
        if (jwt.Has("nonce"u8) && jwt.Text("nonce"u8) is null) return DPoPFault.Malformed;
        byte[]? tokenHash = null;
        if (jwt.Has("ath"u8) && !(jwt.Text("ath"u8) is { } ath && Sha256Text.TryRead(ath, out tokenHash))) return DPoPFault.Token;
        proof = new DPoPProof(jwt, key, thumbprint, tokenHash) { Algorithm = algorithm, Method = method, Uri = uri, Id = id, IssuedAt = issued.Value, Nonce = jwt.Text("nonce"u8) };
        return DPoPFault.None;
    }
}

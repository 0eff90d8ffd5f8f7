using System.Buffers;
using System.Numerics;
using System.Text;

namespace Touchstone.Protocol.Tokens;

/// <summary>What the shape of a presented token says before any look-up.</summary>
public enum TokenShape
{
    /// <summary>Not one of our prefixes: another server's token, which only a look-up can judge.</summary>
    Foreign,

    /// <summary>One of our prefixes, with the right length and checksum.</summary>
    Ours,

    /// <summary>One of our prefixes, but mistyped, cut or made up: it was never issued, and no look-up is needed to know it.</summary>
    Malformed,

    /// <summary>Empty, too long, or with a character that no token can have (RFC 6749 A.12).</summary>
    Impossible,
}

/// <summary>
/// The form of the tokens we make: prefix, 43 base-62 digits of 32 random bytes, 6 base-62 digits of a checksum.
/// As a regular expression, with the default prefixes: <c>tst_(at|rt)_[0-9A-Za-z]{49}</c>.
/// </summary>
/// <remarks>
/// 256 random bits are more than RFC 6749 §10.10 asks (160). All characters are b64token characters (RFC 6750 §2.1).
/// The checksum (CRC-32C of all before it) finds typing errors and scanning noise; it is not a secret and proves nothing.
/// </remarks>
public sealed class TokenFormat
{
    /// <summary>The random bytes in a token: 32.</summary>
    public const int EntropySize = 32;

    /// <summary>The longest token accepted from anyone, in bytes: 4096.</summary>
    public const int MaxLength = 4096;

    private const int BodyDigits = 43;
    private const int ChecksumDigits = 6;
    private static readonly SearchValues<byte> VisibleAscii = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(i => (byte)i)]);

    private readonly byte[] _accessPrefix;
    private readonly byte[] _refreshPrefix;

    /// <summary>Uses these prefixes: 1 to 16 characters of <c>A-Z a-z 0-9 _ -</c>, neither the beginning of the other.</summary>
    /// <exception cref="ArgumentException">A prefix breaks these rules.</exception>
    public TokenFormat(string accessPrefix = "tst_at_", string refreshPrefix = "tst_rt_")
    {
        if (!IsPrefix(accessPrefix)) throw new ArgumentException("must be 1 to 16 characters of A-Z a-z 0-9 _ -", nameof(accessPrefix));
        if (!IsPrefix(refreshPrefix)) throw new ArgumentException("must be 1 to 16 characters of A-Z a-z 0-9 _ -", nameof(refreshPrefix));
        if (accessPrefix.StartsWith(refreshPrefix, StringComparison.Ordinal) || refreshPrefix.StartsWith(accessPrefix, StringComparison.Ordinal))
            throw new ArgumentException("must not begin with the access token's prefix, nor the reverse", nameof(refreshPrefix));
        _accessPrefix = Encoding.ASCII.GetBytes(accessPrefix);
        _refreshPrefix = Encoding.ASCII.GetBytes(refreshPrefix);
    }

    /// <summary>Whether a text can be a prefix.</summary>
    public static bool IsPrefix(string? prefix) =>
        prefix is { Length: >= 1 and <= 16 } && prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    /// <summary>Makes the token of this kind from 32 random bytes of a cryptographic generator.</summary>
    public string Create(TokenKind kind, ReadOnlySpan<byte> entropy)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(entropy.Length, EntropySize);
        var prefix = kind is TokenKind.RefreshToken ? _refreshPrefix : _accessPrefix;
        Span<char> digits = stackalloc char[BodyDigits];
        Base62.Write(entropy, digits);
        Span<byte> token = stackalloc byte[prefix.Length + BodyDigits + ChecksumDigits];
        prefix.CopyTo(token);
        Encoding.ASCII.GetBytes(digits, token[prefix.Length..]);
        Base62.Write(Checksum(token[..^ChecksumDigits]), token[^ChecksumDigits..]);
        return Encoding.ASCII.GetString(token);
    }

    /// <summary>Judges the shape alone; only <see cref="TokenShape.Ours"/> and <see cref="TokenShape.Foreign"/> are worth a look-up.</summary>
    public TokenShape Inspect(ReadOnlySpan<byte> token)
    {
        if (token.IsEmpty || token.Length > MaxLength || token.ContainsAnyExcept(VisibleAscii)) return TokenShape.Impossible;
        var prefix = token.StartsWith(_accessPrefix) ? _accessPrefix : token.StartsWith(_refreshPrefix) ? _refreshPrefix : null;
        if (prefix is null) return TokenShape.Foreign;
        if (token.Length != prefix.Length + BodyDigits + ChecksumDigits) return TokenShape.Malformed;
        Span<byte> checksum = stackalloc byte[ChecksumDigits];
        Base62.Write(Checksum(token[..^ChecksumDigits]), checksum);
        return token.EndsWith(checksum) ? TokenShape.Ours : TokenShape.Malformed;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Protocol.Tokens;

/// <summary>The SHA-256 of a token's bytes: 32 bytes held by value. It is the only form in which a token is stored or compared.</summary>
/// <remarks>Text form: 64 lower-case hexadecimal digits.</remarks>
public readonly struct TokenHash : IEquatable<TokenHash>
{
    /// <summary>The size in bytes: 32.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private readonly ulong _a, _b, _c, _d;

    private TokenHash(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        (_a, _b, _c, _d) = (words[0], words[1], words[2], words[3]);
    }

    /// <summary>Hashes a token as it was sent. One call costs about 430 ns: a request makes it once.</summary>
    public static TokenHash Of(ReadOnlySpan<byte> token)
    {
        Span<byte> bytes = stackalloc byte[Size];
        SHA256.HashData(token, bytes);
        return new TokenHash(bytes);
    }

    /// <inheritdoc cref="Of(ReadOnlySpan{byte})"/>
    public static TokenHash Of(string token) => Of(Encoding.UTF8.GetBytes(token));

    /// <summary>Takes 32 bytes that already are a hash, or fails.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TokenHash hash)
    {
        hash = bytes.Length == Size ? new TokenHash(bytes) : default;
        return bytes.Length == Size;
    }

    /// <summary>Parses 64 lower-case hexadecimal digits, or fails: one hash has one text form.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TokenHash hash)
    {
        hash = default;
        if (text.Length != Size * 2 || text.ContainsAnyExcept("0123456789abcdef")) return false;
        Span<byte> bytes = stackalloc byte[Size];
        Convert.FromHexString(text, bytes, out _, out _);
        hash = new TokenHash(bytes);
        return true;
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> destination) => MemoryMarshal.Write(destination, in this);

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(TokenHash other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TokenHash other && Equals(other);

    /// <summary>The bytes are already uniform, so a part of them is a good hash code.</summary>
    public override int GetHashCode() => (int)(_a ^ (_a >> 32));

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Equality by value.</summary>
    public static bool operator ==(TokenHash left, TokenHash right) => left.Equals(right);

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(TokenHash left, TokenHash right) => !left.Equals(right);
}

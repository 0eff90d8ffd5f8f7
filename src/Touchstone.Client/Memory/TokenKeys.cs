using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Memory;

/// <summary>
/// Finds a token in memory without keeping it: a MAC of its characters under a key that is random for each client, so nobody can make two tokens meet, nor read a token out of a dump of the keys.
/// SipHash takes some 40 ns for a token where SHA-256 takes 430.
/// </summary>
internal sealed class TokenKeys
{
    private const int LongestOnStack = 128;

    private readonly KeyedHash _ascii, _other;

    internal TokenKeys()
    {
        Span<byte> keys = stackalloc byte[2 * KeyedHash.KeySize];
        RandomNumberGenerator.Fill(keys);
        (_ascii, _other) = (new KeyedHash(keys[..KeyedHash.KeySize]), new KeyedHash(keys[KeyedHash.KeySize..]));
        CryptographicOperations.ZeroMemory(keys);
    }

    // A token is ASCII, and half as long in bytes as in memory. What is not is hashed as it lies there, under another key, so that it is no other token's.
    internal Mac128 Of(ReadOnlySpan<char> token)
    {
        Span<byte> bytes = stackalloc byte[LongestOnStack];
        return token.Length <= LongestOnStack && Ascii.FromUtf16(token, bytes, out var length) is OperationStatus.Done ? _ascii.Of(bytes[..length]) : _other.Of(MemoryMarshal.AsBytes(token));
    }
}

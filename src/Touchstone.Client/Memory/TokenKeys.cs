using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Memory;

/// <summary>
/// Finds a token in memory without keeping it: a MAC of its characters under a key that is random for each client, so nobody can make two tokens meet, nor read a token out of a dump of the keys.
/// SipHash takes some 40 ns for a token where SHA-256 takes 430.
/// </summary>
internal sealed class TokenKeys
{
    private readonly KeyedHash _hash;

    internal TokenKeys()
    {
        Span<byte> key = stackalloc byte[KeyedHash.KeySize];
        RandomNumberGenerator.Fill(key);
        _hash = new KeyedHash(key);
        CryptographicOperations.ZeroMemory(key);
    }

    // The characters as they lie in memory: two bytes each, but no copy. The length is part of the hash.
    internal Mac128 Of(ReadOnlySpan<char> token) => _hash.Of(MemoryMarshal.AsBytes(token));
}

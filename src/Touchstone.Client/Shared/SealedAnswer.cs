using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Client.Shared;

/// <summary>
/// Encrypts and authenticates what lies in a shared cache: AES-256-GCM under a key of its own for each value, made from the secret and a random salt, so that no number of values wears it out. The name is bound in: a value
/// that somebody moved to another name is none (L29).
/// </summary>
internal static class SealedAnswer
{
    private const byte Version = 1;
    private const int SaltSize = 16, TagSize = 16, HeaderSize = 1 + SaltSize + TagSize;

    // Each key is used once, so the nonce need not differ.
    private static readonly byte[] Nonce = new byte[12];

    internal static byte[] Seal(ReadOnlySpan<byte> value, string name, byte[] secret)
    {
        var sealedValue = new byte[HeaderSize + value.Length];
        sealedValue[0] = Version;
        RandomNumberGenerator.Fill(sealedValue.AsSpan(1, SaltSize));
        using var cipher = Cipher(sealedValue.AsSpan(1, SaltSize), secret);
        cipher.Encrypt(Nonce, value, sealedValue.AsSpan(HeaderSize), sealedValue.AsSpan(1 + SaltSize, TagSize), Encoding.UTF8.GetBytes(name));
        return sealedValue;
    }

    /// <summary>The value; null where it is not one of ours, for this name, under this secret.</summary>
    internal static byte[]? Open(ReadOnlySpan<byte> sealedValue, string name, byte[] secret)
    {
        if (sealedValue.Length < HeaderSize || sealedValue[0] != Version) return null;
        var value = new byte[sealedValue.Length - HeaderSize];
        using var cipher = Cipher(sealedValue.Slice(1, SaltSize), secret);
        try
        {
            cipher.Decrypt(Nonce, sealedValue[HeaderSize..], sealedValue.Slice(1 + SaltSize, TagSize), value, Encoding.UTF8.GetBytes(name));
            return value;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null; // The framework has no other way to say it.
        }
    }

    private static AesGcm Cipher(ReadOnlySpan<byte> salt, byte[] secret)
    {
        Span<byte> key = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, salt, key);
        var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    /// <summary>The name of a token's entry: SHA-256 over all that can alter the answer, each part preceded by its length (L20, L21).</summary>
    internal static string NameOf(string prefix, params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return prefix + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

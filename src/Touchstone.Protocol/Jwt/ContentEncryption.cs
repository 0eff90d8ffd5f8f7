using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Protocol.Jwt;

/// <summary>How the content of a JWE is encrypted (RFC 7518 §5): <c>A128CBC-HS256</c> or <c>A256GCM</c>. Both take a key of 256 bits and end with a tag of 128.</summary>
internal static class ContentEncryption
{
    internal const string CbcHmac = "A128CBC-HS256", Gcm = "A256GCM";

    internal const int KeyBytes = 32, TagBytes = 16, BlockBytes = 16;

    private const int GcmIvBytes = 12, HalfKey = 16;

    internal static int IvBytes(string algorithm) => algorithm == Gcm ? GcmIvBytes : BlockBytes;

    /// <summary>Encrypts under a key and an IV that were never used together before.</summary>
    internal static byte[] Encrypt(string algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plain, Span<byte> tag)
    {
        if (algorithm == Gcm)
        {
            var encryptedByGcm = new byte[plain.Length];
            using var gcm = new AesGcm(key, TagBytes);
            gcm.Encrypt(iv, plain, encryptedByGcm, tag, associated);
            return encryptedByGcm;
        }
        using var aes = Aes.Create();
        aes.SetKey(key[HalfKey..]);
        var encrypted = aes.EncryptCbc(plain, iv);
        Tag(key, iv, associated, encrypted, tag);
        return encrypted;
    }

    /// <summary>Decrypts; null where anything of it was changed, which is found out before a byte is decrypted.</summary>
    internal static byte[]? Decrypt(string algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> tag)
    {
        // A shorter tag would be easier to guess.
        if (key.Length != KeyBytes || iv.Length != IvBytes(algorithm) || tag.Length != TagBytes) return null;
        try
        {
            if (algorithm == Gcm)
            {
                var opened = new byte[encrypted.Length];
                using var gcm = new AesGcm(key, TagBytes);
                gcm.Decrypt(iv, encrypted, tag, opened, associated);
                return opened;
            }
            Span<byte> expected = stackalloc byte[TagBytes];
            Tag(key, iv, associated, encrypted, expected);
            if (!CryptographicOperations.FixedTimeEquals(expected, tag)) return null;
            using var aes = Aes.Create();
            aes.SetKey(key[HalfKey..]);
            return aes.DecryptCbc(encrypted, iv);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The content key that two keys of a curve agree on (RFC 7518 §4.6.2). One round of the hash makes all 256 bits.</summary>
    internal static byte[] Agree(ECDiffieHellman own, ECDiffieHellmanPublicKey other, string algorithm, ReadOnlySpan<byte> partyU, ReadOnlySpan<byte> partyV, int bytes = KeyBytes)
    {
        var info = new byte[16 + algorithm.Length + partyU.Length + partyV.Length];
        var rest = Put(info, Encoding.ASCII.GetBytes(algorithm));
        rest = Put(Put(rest, partyU), partyV);
        BinaryPrimitives.WriteInt32BigEndian(rest, bytes * 8);
        var derived = own.DeriveKeyFromHash(other, HashAlgorithmName.SHA256, [0, 0, 0, 1], info);
        return derived[..bytes];
    }

    private static Span<byte> Put(Span<byte> to, ReadOnlySpan<byte> data)
    {
        BinaryPrimitives.WriteInt32BigEndian(to, data.Length);
        data.CopyTo(to[4..]);
        return to[(4 + data.Length)..];
    }

    // RFC 7518 §5.2.2.1: over all that is not the key, and the length of what is not encrypted, in bits.
    private static void Tag(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> encrypted, Span<byte> tag)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, associated.Length * 8L);
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key[..HalfKey]);
        mac.AppendData(associated);
        mac.AppendData(iv);
        mac.AppendData(encrypted);
        mac.AppendData(length);
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        mac.GetHashAndReset(whole);
        whole[..TagBytes].CopyTo(tag);
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Server.Signing;

/// <summary>
/// Encrypts signing keys for the store (AES-256-GCM). The key's identifier is bound as associated data, so that no stored key passes for another.
/// </summary>
/// <remarks>
/// Why not the framework's Data Protection: its ring of keys would stand in the same database, and protect no more than a key there does; it is XML that names its readers by type, which trimming breaks;
/// and nodes would have to agree on a ring before they agree on a key. One key that an operator holds in a file is less, and says plainly what it protects from: a copy of the database.
/// </remarks>
internal sealed class KeySeal
{
    internal const int KeySize = 32;

    private const int NonceSize = 12, TagSize = 16;

    private readonly byte[] _key;

    /// <param name="secret">32 random bytes, which may serve other purposes too: the key is derived from them for this one.</param>
    internal KeySeal(ReadOnlySpan<byte> secret)
    {
        _key = new byte[KeySize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, _key, salt: [], info: "touchstone signing keys"u8);
    }

    internal byte[] Seal(string kid, ReadOnlySpan<byte> key)
    {
        var boxed = new byte[NonceSize + key.Length + TagSize];
        RandomNumberGenerator.Fill(boxed.AsSpan(0, NonceSize));
        using var cipher = new AesGcm(_key, TagSize);
        cipher.Encrypt(boxed.AsSpan(0, NonceSize), key, boxed.AsSpan(NonceSize, key.Length), boxed.AsSpan(NonceSize + key.Length), Encoding.UTF8.GetBytes(kid));
        return boxed;
    }

    /// <summary>The key in clear; null where it was sealed by another one, or for another identifier.</summary>
    internal byte[]? Open(string kid, ReadOnlySpan<byte> boxed)
    {
        if (boxed.Length < NonceSize + TagSize) return null;
        var key = new byte[boxed.Length - NonceSize - TagSize];
        try
        {
            using var cipher = new AesGcm(_key, TagSize);
            cipher.Decrypt(boxed[..NonceSize], boxed[NonceSize..^TagSize], boxed[^TagSize..], key, Encoding.UTF8.GetBytes(kid));
            return key;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}

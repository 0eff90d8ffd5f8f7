using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Revocation;

/// <summary>
/// Names selectors for one caller: who gets a tag recognises it when it comes again, learns nothing of what it stands for, and can't compare it with another caller's.
/// HMAC-SHA-256 under the caller's key over kind and key, each preceded by its length, of which 64 bits are kept.
/// </summary>
/// <remarks>Two selectors with the same tag cost no safety: an event only removes, and removes too much then.</remarks>
public sealed class TagKey
{
    /// <summary>The size of a key in bytes: 32.</summary>
    public const int Size = 32;

    /// <summary>The length of a tag: 11 characters of base64url.</summary>
    public const int TagLength = 11;

    private const int TagBytes = 8;
    private const string Purpose = "touchstone feed tags";

    private readonly byte[] _key;

    /// <summary>Takes a caller's key.</summary>
    public TagKey(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Size);
        _key = key.ToArray();
    }

    /// <summary>The key of a caller, made from the server's secret of 32 bytes.</summary>
    public static TagKey For(ReadOnlySpan<byte> secret, string caller)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, Size);
        Span<byte> key = stackalloc byte[Size];
        Mac(secret, Encoding.UTF8.GetBytes(Purpose), Encoding.UTF8.GetBytes(caller), key);
        return new TagKey(key);
    }

    /// <summary>The tag of a selector.</summary>
    public string Of(in Selector selector) => string.Create(TagLength, (this, selector), static (tag, asked) => asked.Item1.Write(asked.selector, tag));

    private void Write(in Selector selector, Span<char> tag)
    {
        Span<byte> mac = stackalloc byte[Size];
        Span<byte> kind = [(byte)selector.Kind];
        if (selector.Kind is SelectorKind.Token)
        {
            Span<byte> hash = stackalloc byte[TokenHash.Size];
            selector.Hash.CopyTo(hash);
            Mac(_key, kind, hash, mac);
        }
        else
        {
            Mac(_key, kind, Encoding.UTF8.GetBytes(selector.Key), mac);
        }
        Base64Url.EncodeToChars(mac[..TagBytes], tag);
    }

    // The lengths first: else two pairs that join to the same bytes would be one.
    private static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> mac)
    {
        var length = (2 * sizeof(int)) + first.Length + second.Length;
        var bytes = length <= 512 ? stackalloc byte[512] : new byte[length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, first.Length);
        first.CopyTo(bytes[sizeof(int)..]);
        BinaryPrimitives.WriteInt32BigEndian(bytes[(sizeof(int) + first.Length)..], second.Length);
        second.CopyTo(bytes[((2 * sizeof(int)) + first.Length)..]);
        HMACSHA256.HashData(key, bytes[..length], mac);
    }
}

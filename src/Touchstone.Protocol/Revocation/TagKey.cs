using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Revocation;

/// <summary>
/// Names selectors for one caller: who gets a tag recognises it when it comes again, learns nothing of what it stands for, and can't compare it with another caller's.
/// SipHash-2-4 under the caller's key over kind and key, each preceded by its length, of which 64 bits are kept. HMAC-SHA-256 would be as good and takes 3.3 µs for each tag in place of 0.1, and an answer to a follower has four to nine.
/// </summary>
/// <remarks>Two selectors with the same tag cost no safety: an event only removes, and removes too much then.</remarks>
public sealed class TagKey
{
    /// <summary>The size of the server's secret in bytes: 32.</summary>
    public const int Size = 32;

    /// <summary>The length of a tag: 11 characters of base64url.</summary>
    public const int TagLength = 11;

    private const int TagBytes = 8, TextLength = 22;
    private const string Purpose = "touchstone feed tags";

    private readonly KeyedHash _key;

    private TagKey(ReadOnlySpan<byte> key)
    {
        _key = new KeyedHash(key);
        Text = Base64Url.EncodeToString(key);
    }

    /// <summary>The key itself, 22 characters of base64url: for a caller that may find out by itself which tag a thing has.</summary>
    public string Text { get; }

    /// <summary>The key of a caller, made from the server's secret of 32 bytes.</summary>
    public static TagKey For(ReadOnlySpan<byte> secret, string caller)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, Size);
        var name = Encoding.UTF8.GetBytes(caller);
        Span<byte> bytes = new byte[Room(Purpose.Length, name.Length)], key = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Encoding.ASCII.GetBytes(Purpose, Begin(bytes, Purpose.Length, name.Length));
        name.CopyTo(bytes[^name.Length..]);
        HMACSHA256.HashData(secret, bytes, key);
        return new TagKey(key[..KeyedHash.KeySize]);
    }

    /// <summary>Reads a key that was given (<see cref="Text"/>), or fails.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, [NotNullWhen(true)] out TagKey? key)
    {
        key = null;
        Span<byte> bytes = stackalloc byte[KeyedHash.KeySize + 2];
        if (text.Length != TextLength || Base64Url.DecodeFromChars(text, bytes, out _, out var written) is not OperationStatus.Done || written != KeyedHash.KeySize) return false;
        key = new TagKey(bytes[..written]);
        return true;
    }

    /// <summary>The tag of a selector.</summary>
    public string Of(in Selector selector) => string.Create(TagLength, (this, selector), static (tag, asked) => asked.Item1.Write(asked.selector, tag));

    /// <summary>Writes the tag of a selector: <see cref="TagLength"/> characters.</summary>
    public void Write(in Selector selector, Span<char> tag)
    {
        Span<byte> mac = stackalloc byte[TagBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(mac, NumberOf(selector));
        Base64Url.EncodeToChars(mac, tag);
    }

    /// <summary>The tag of a selector as a follower holds it (<see cref="Following.FollowedTag"/>).</summary>
    public ulong NumberOf(in Selector selector)
    {
        var text = selector.Kind is SelectorKind.Token ? "" : selector.Key;
        var size = selector.Kind is SelectorKind.Token ? TokenHash.Size : Encoding.UTF8.GetByteCount(text);
        var length = Room(1, size);
        var bytes = length <= 512 ? stackalloc byte[512] : new byte[length];
        Begin(bytes, 1, size)[0] = (byte)selector.Kind;
        var key = bytes[(length - size)..length];
        if (selector.Kind is SelectorKind.Token) selector.Hash.CopyTo(key);
        else Encoding.UTF8.GetBytes(text, key);
        return _key.Of(bytes[..length]).Low;
    }

    private static int Room(int first, int second) => (2 * sizeof(int)) + first + second;

    // The lengths before each: else two pairs that join to the same bytes would be one. Gives where the first begins.
    private static Span<byte> Begin(Span<byte> bytes, int first, int second)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, first);
        BinaryPrimitives.WriteInt32BigEndian(bytes[(sizeof(int) + first)..], second);
        return bytes[sizeof(int)..];
    }
}

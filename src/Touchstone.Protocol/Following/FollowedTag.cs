using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Following;

/// <summary>A tag as a follower holds it: 8 bytes in place of 11 characters. It is opaque; two of one caller are the same or they are not.</summary>
public static class FollowedTag
{
    /// <summary>The most tags of one answer: 59. Of the token, its ancestors and their lineage; nine of what it belongs to; and one of the caller's registration.</summary>
    public const int Most = 1 + TokenRecord.MaxAncestors + TokenRecord.MaxLineage + 10;

    private const int Bytes = 8;

    /// <summary>Reads a tag as it stands in an answer, or fails: one tag has one text.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out ulong tag)
    {
        tag = 0;
        if (text.Length != Revocation.TagKey.TagLength) return false;
        Span<byte> bytes = stackalloc byte[Bytes + 1];
        if (Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != Bytes) return false;
        tag = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return true;
    }

    /// <summary>Reads the tags of an answer, separated by one space; fails when there is none, when there are too many, or when one is not a tag.</summary>
    public static bool TryReadAll(ReadOnlySpan<char> text, out ulong[] tags)
    {
        tags = [];
        if (text.IsEmpty) return false;
        var read = new ulong[text.Count(' ') + 1];
        if (read.Length > Most) return false;
        var count = 0;
        foreach (var part in text.Split(' '))
        {
            if (!TryRead(text[part], out read[count++])) return false;
        }
        tags = read;
        return true;
    }
}

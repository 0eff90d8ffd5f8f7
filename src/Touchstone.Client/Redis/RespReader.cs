using System.Buffers;
using System.Buffers.Text;

namespace Touchstone.Client.Redis;

/// <summary>How far a reply was read.</summary>
internal enum RespProgress
{
    /// <summary>It is not all there yet.</summary>
    Incomplete,

    /// <summary>It is read.</summary>
    Complete,

    /// <summary>It is none, or a bigger one than anything that is asked for can have.</summary>
    Malformed,
}

/// <summary>
/// Reads replies of Redis (RESP2 and RESP3) from what came so far. It has no state between two tries: an incomplete reply is read from its beginning again, which costs little, for only bulks are long.
/// Whatever comes, it takes no more time and memory than its bounds allow.
/// </summary>
internal ref struct RespReader(ReadOnlySequence<byte> buffer)
{
    /// <summary>The longest bulk, and the most bytes of texts and bulks in one reply.</summary>
    internal const int MaxBytes = 1 << 20;

    /// <summary>The longest line.</summary>
    internal const int MaxLine = 4096;

    /// <summary>The most items in one reply, at all depths. The greeting of a server with many modules has some hundreds.</summary>
    internal const int MaxItems = 1024;

    /// <summary>How deep items may lie in items.</summary>
    internal const int MaxDepth = 4;

    private SequenceReader<byte> _reader = new(buffer);
    private int _bytesLeft, _itemsLeft;

    /// <summary>Where the next reply begins, after a complete one.</summary>
    internal readonly SequencePosition Position => _reader.Position;

    /// <summary>Reads one reply.</summary>
    internal RespProgress TryRead(out RespValue value)
    {
        (_bytesLeft, _itemsLeft) = (MaxBytes, MaxItems);
        return TryRead(MaxDepth, out value);
    }

    private RespProgress TryRead(int depth, out RespValue value)
    {
        value = default;
        while (true)
        {
            var progress = TryReadLine(out var line);
            if (progress is not RespProgress.Complete) return progress;
            if (line.IsEmpty) return RespProgress.Malformed;
            var rest = line[1..];
            switch (line[0])
            {
                case (byte)'+' or (byte)',' or (byte)'(':
                    return TryTake(rest, RespKind.Text, out value);
                case (byte)'-':
                    return TryTake(rest, RespKind.Error, out value);
                case (byte)':':
                    value = new RespValue(RespKind.Integer, Number: Utf8Parser.TryParse(rest, out long number, out var length) && length == rest.Length ? number : 0);
                    return length == rest.Length && length > 0 ? RespProgress.Complete : RespProgress.Malformed;
                case (byte)'#':
                    value = new RespValue(RespKind.Integer, Number: rest.SequenceEqual("t"u8) ? 1 : 0);
                    return rest.SequenceEqual("t"u8) || rest.SequenceEqual("f"u8) ? RespProgress.Complete : RespProgress.Malformed;
                case (byte)'_':
                    value = new RespValue(RespKind.Null);
                    return rest.IsEmpty ? RespProgress.Complete : RespProgress.Malformed;
                case (byte)'$' or (byte)'*' when rest.SequenceEqual("-1"u8): // RESP2
                    value = new RespValue(RespKind.Null);
                    return RespProgress.Complete;
                case (byte)'$' or (byte)'=':
                    return TryReadBulk(rest, RespKind.Bulk, out value);
                case (byte)'!':
                    return TryReadBulk(rest, RespKind.Error, out value);
                case (byte)'*' or (byte)'~':
                    return TryReadItems(rest, 1, RespKind.Items, depth, out value);
                case (byte)'%':
                    return TryReadItems(rest, 2, RespKind.Items, depth, out value);
                case (byte)'>':
                    return TryReadItems(rest, 1, RespKind.Push, depth, out value);
                case (byte)'|':
                    // What is said about the reply that follows it; nobody asked.
                    progress = TryReadItems(rest, 2, RespKind.Items, depth, out _);
                    if (progress is not RespProgress.Complete) return progress;
                    if (--_itemsLeft < 0) return RespProgress.Malformed;
                    continue;
                default:
                    return RespProgress.Malformed;
            }
        }
    }

    private RespProgress TryReadLine(out ReadOnlySpan<byte> line)
    {
        if (!_reader.TryReadTo(out line, "\r\n"u8)) return _reader.Remaining > MaxLine ? RespProgress.Malformed : RespProgress.Incomplete;
        return line.Length > MaxLine || line.ContainsAny((byte)'\r', (byte)'\n') ? RespProgress.Malformed : RespProgress.Complete;
    }

    private RespProgress TryTake(ReadOnlySpan<byte> line, RespKind kind, out RespValue value)
    {
        value = new RespValue(kind, line.ToArray());
        _bytesLeft -= line.Length;
        return _bytesLeft < 0 ? RespProgress.Malformed : RespProgress.Complete;
    }

    private RespProgress TryReadBulk(ReadOnlySpan<byte> header, RespKind kind, out RespValue value)
    {
        value = default;
        if (!TryReadLength(header, _bytesLeft, out var length)) return RespProgress.Malformed;
        if (_reader.Remaining < length + 2) return RespProgress.Incomplete;
        var bytes = new byte[length];
        _reader.TryCopyTo(bytes);
        _reader.Advance(length);
        _bytesLeft -= length;
        value = new RespValue(kind, bytes);
        return _reader.IsNext("\r\n"u8, advancePast: true) ? RespProgress.Complete : RespProgress.Malformed;
    }

    private RespProgress TryReadItems(ReadOnlySpan<byte> header, int each, RespKind kind, int depth, out RespValue value)
    {
        value = default;
        if (depth == 0 || !TryReadLength(header, _itemsLeft / each, out var count)) return RespProgress.Malformed;
        var items = new RespValue[count * each];
        _itemsLeft -= items.Length;
        for (var i = 0; i < items.Length; i++)
        {
            var progress = TryRead(depth - 1, out items[i]);
            if (progress is not RespProgress.Complete) return progress;
        }
        value = new RespValue(kind, Items: items);
        return RespProgress.Complete;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> digits, int most, out int length)
    {
        length = 0;
        return !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9') && Utf8Parser.TryParse(digits, out length, out var read) && read == digits.Length && length <= most;
    }
}

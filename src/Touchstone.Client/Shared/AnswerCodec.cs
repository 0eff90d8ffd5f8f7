using System.Buffers.Binary;
using Touchstone.Client.Memory;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Shared;

/// <summary>An answer about an active token as bytes: when the server was asked, what the feed judges it by, how long it may be used, and what the server said.</summary>
internal static class AnswerCodec
{
    private const int FixedSize = 8 + 8 + 1, MarkSize = 16 + 8;

    // Clocks of machines differ a little; what claims to come from further ahead is not believed.
    internal static readonly TimeSpan MostAhead = TimeSpan.FromSeconds(5);

    internal static byte[] Write(HeldAnswer held)
    {
        var tags = held.Mark?.Tags ?? [];
        var json = held.Token!.Json;
        var bytes = new byte[FixedSize + (held.Mark is null ? 0 : MarkSize + (sizeof(ulong) * tags.Length)) + json.Length];
        var rest = bytes.AsSpan();
        BinaryPrimitives.WriteInt64LittleEndian(rest, held.Asked.Wall.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(rest[8..], held.MaxTtl.Ticks);
        // The number of tags and one more; zero: the feed tells nothing of it.
        rest[16] = (byte)(held.Mark is null ? 0 : tags.Length + 1);
        rest = rest[FixedSize..];
        if (held.Mark is { } mark)
        {
            mark.Epoch.TryWriteBytes(rest);
            BinaryPrimitives.WriteInt64LittleEndian(rest[16..], mark.AsOf);
            rest = rest[MarkSize..];
            foreach (var tag in tags)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(rest, tag);
                rest = rest[sizeof(ulong)..];
            }
        }
        json.Span.CopyTo(rest);
        return bytes;
    }

    /// <summary>Reads what was authenticated; null where another version wrote it, or a clock is wrong.</summary>
    internal static HeldAnswer? Read(ReadOnlyMemory<byte> bytes, SharedTexts texts, ClockReading now)
    {
        if (bytes.Length < FixedSize) return null;
        var rest = bytes.Span;
        var age = now.Wall - TimeSpan.FromTicks(BinaryPrimitives.ReadInt64LittleEndian(rest));
        var maxTtl = TimeSpan.FromTicks(BinaryPrimitives.ReadInt64LittleEndian(rest[8..]));
        var tags = rest[16] - 1;
        var markSize = tags < 0 ? 0 : MarkSize + (sizeof(ulong) * tags);
        if (age < -MostAhead || tags > FollowedTag.Most || bytes.Length < FixedSize + markSize) return null;
        var json = bytes[(FixedSize + markSize)..];
        if (!IntrospectionAnswer.TryRead(json.Span, out var answer) || !answer.IsActive || !IntrospectedToken.TryRead(answer, json, texts, out var token)) return null;
        if (age < TimeSpan.Zero) age = TimeSpan.Zero;
        var asked = new ClockReading(now.Monotonic - age, now.Wall - age);
        FollowedMark? mark = tags < 0 ? null : ReadMark(rest.Slice(FixedSize, markSize), tags);
        return new HeldAnswer(token, mark, asked, HeldAnswer.SizeOf(token, json.Length, Math.Max(0, tags)), maxTtl) { AgeWhenShared = age };
    }

    private static FollowedMark ReadMark(ReadOnlySpan<byte> bytes, int count)
    {
        var tags = new ulong[count];
        for (var i = 0; i < count; i++) tags[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(MarkSize + (i * sizeof(ulong)))..]);
        return new FollowedMark(new Guid(bytes[..16]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]), tags);
    }
}

using System.Buffers.Binary;
using Microsoft.Extensions.Caching.Distributed;

namespace Touchstone.Client.Redis;

/// <summary>
/// What lies in Redis under a key: a byte that says which of two forms it is, and the value. An entry that lives on by being used has, between the two, by how long and until when at most; the others need neither.
/// </summary>
/// <param name="Value">The value.</param>
/// <param name="Sliding">By how many milliseconds each use lets it live on; 0: by none.</param>
/// <param name="Until">When it ends at the latest, in milliseconds since 1970, by the clock of whoever wrote it.</param>
internal readonly record struct RedisEntry(byte[] Value, long Sliding = 0, long Until = 0)
{
    private const byte Plain = 1, Slides = 2;
    private const int SlidingHeader = 1 + (2 * sizeof(long));

    /// <summary>The longest value: with the longest header it is a bulk that the reader takes.</summary>
    internal const int MaxValue = RespReader.MaxBytes - SlidingHeader;

    /// <summary>For how long an entry is kept that is written or used now, in milliseconds; 0 or less: it is over.</summary>
    internal long TtlAt(DateTimeOffset now)
    {
        var left = Until - now.ToUnixTimeMilliseconds();
        return Sliding > 0 ? Math.Min(Sliding, left) : left;
    }

    /// <summary>An entry of this value and these options.</summary>
    internal static RedisEntry Of(byte[] value, DistributedCacheEntryOptions options, TimeSpan maxTtl, DateTimeOffset now)
    {
        var until = now + maxTtl;
        var asked = options.AbsoluteExpirationRelativeToNow is { } relative && relative < maxTtl ? now + relative : options.AbsoluteExpirationRelativeToNow is null ? options.AbsoluteExpiration : null;
        if (asked < until) until = asked.Value;
        var sliding = options.SlidingExpiration is { } slide ? Math.Max(1, (long)Math.Min(slide.TotalMilliseconds, maxTtl.TotalMilliseconds)) : 0;
        return new RedisEntry(value, sliding, until.ToUnixTimeMilliseconds());
    }

    internal byte[] Write()
    {
        var header = Sliding > 0 ? SlidingHeader : 1;
        var bytes = new byte[header + Value.Length];
        bytes[0] = Sliding > 0 ? Slides : Plain;
        if (Sliding > 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Sliding);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1 + sizeof(long)), Until);
        }
        Value.CopyTo(bytes, header);
        return bytes;
    }

    /// <summary>Reads an entry; null where it is none of ours.</summary>
    internal static RedisEntry? Read(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [Plain, .. var value] => new RedisEntry(value.ToArray()),
        [Slides, ..] when bytes.Length >= SlidingHeader => new RedisEntry(
            bytes[SlidingHeader..].ToArray(), BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[(1 + sizeof(long))..])),
        _ => null,
    };
}

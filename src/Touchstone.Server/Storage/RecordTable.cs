using Touchstone.Protocol.Hashing;

namespace Touchstone.Server.Storage;

/// <summary>
/// A hash table of entries that link themselves: reads take no lock, writers hold <see cref="RecordCache"/>'s. The framework's dictionary would add a node of 56 bytes to each entry.
/// </summary>
/// <remarks>
/// A reader that meets a table being enlarged may walk into another chain and miss an entry. That is a miss of a cache and nothing worse; the walk is bounded, so it ends.
/// </remarks>
internal sealed class RecordTable
{
    // Keys are random, so chains of a table at most full are short: 64 links never happen but in such a walk.
    private const int MaxWalk = 64;

    private TokenEntry?[] _buckets = new TokenEntry?[1024];

    internal int Count { get; private set; }

    internal TokenEntry? Find(in Mac128 key)
    {
        var buckets = Volatile.Read(ref _buckets);
        var entry = Volatile.Read(ref buckets[IndexOf(key, buckets)]);
        for (var steps = 0; entry is not null && steps < MaxWalk; steps++)
        {
            if (entry.Key == key) return entry;
            entry = Volatile.Read(ref entry.Next);
        }
        return null;
    }

    internal void Add(TokenEntry entry)
    {
        if (Count == _buckets.Length) Enlarge();
        Link(entry, _buckets);
        Count++;
    }

    internal void Clear()
    {
        Volatile.Write(ref _buckets, new TokenEntry?[1024]);
        Count = 0;
    }

    /// <summary>Takes an entry out. It keeps its link, so that a reader that stands on it finds on.</summary>
    internal void Remove(TokenEntry entry)
    {
        ref var link = ref _buckets[IndexOf(entry.Key, _buckets)];
        while (link is not null && link != entry) link = ref link.Next;
        if (link is null) return;
        Volatile.Write(ref link, entry.Next);
        Count--;
    }

    private void Enlarge()
    {
        var larger = new TokenEntry?[_buckets.Length * 2];
        foreach (var first in _buckets)
        {
            for (var entry = first; entry is not null;)
            {
                var next = entry.Next;
                Link(entry, larger);
                entry = next;
            }
        }
        Volatile.Write(ref _buckets, larger);
    }

    private static void Link(TokenEntry entry, TokenEntry?[] buckets)
    {
        ref var bucket = ref buckets[IndexOf(entry.Key, buckets)];
        Volatile.Write(ref entry.Next, bucket);
        Volatile.Write(ref bucket, entry); // Last: who finds it finds it whole.
    }

    private static int IndexOf(in Mac128 key, TokenEntry?[] buckets) => key.GetHashCode() & (buckets.Length - 1);
}

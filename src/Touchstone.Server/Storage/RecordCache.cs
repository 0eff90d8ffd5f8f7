using System.Collections.Concurrent;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage;

/// <summary>
/// The records used lately, up to a number of bytes. SIEVE eviction: a hit sets a mark and moves nothing, so reads take no lock; a scan of tokens used once
/// passes through without pushing out those used again.
/// </summary>
internal sealed class RecordCache(long capacity)
{
    private readonly ConcurrentDictionary<TokenHash, TokenEntry> _entries = new();
    private readonly Lock _lock = new();
    private TokenEntry? _newest, _oldest, _hand;
    private long _bytes;

    internal long Bytes => Volatile.Read(ref _bytes);

    internal int Count => _entries.Count;

    internal TokenEntry? Find(in TokenHash hash)
    {
        if (!_entries.TryGetValue(hash, out var entry)) return null;
        if (!entry.IsVisited) entry.IsVisited = true; // Written only when it changes, so that hits of one entry on two cores share its cache line.
        return entry;
    }

    /// <summary>Keeps an entry, in the place of an older one of the same token; makes room first.</summary>
    internal void Add(TokenEntry entry)
    {
        entry.Size = TokenEntry.SizeOf(entry.Record);
        if (entry.Size > capacity) return;
        lock (_lock)
        {
            if (_entries.TryGetValue(entry.Record.Hash, out var old)) Remove(old);
            while (_bytes + entry.Size > capacity) Evict();
            _entries[entry.Record.Hash] = entry;
            entry.Older = _newest;
            if (_newest is null) _oldest = entry;
            else _newest.Newer = entry;
            _newest = entry;
            _bytes += entry.Size;
        }
    }

    /// <summary>Forgets a token.</summary>
    internal void Remove(in TokenHash hash)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(hash, out var entry)) Remove(entry);
        }
    }

    // The hand walks from the oldest to the newest, takes marks away, and evicts the first entry that has none.
    private void Evict()
    {
        var hand = _hand ?? _oldest;
        while (hand!.IsVisited)
        {
            hand.IsVisited = false;
            hand = hand.Newer ?? _oldest;
        }
        _hand = hand.Newer;
        Remove(hand);
    }

    private void Remove(TokenEntry entry)
    {
        if (_hand == entry) _hand = entry.Newer;
        if (entry.Newer is null) _newest = entry.Older;
        else entry.Newer.Older = entry.Older;
        if (entry.Older is null) _oldest = entry.Newer;
        else entry.Older.Newer = entry.Newer;
        entry.Newer = entry.Older = null;
        _entries.TryRemove(entry.Record.Hash, out _);
        _bytes -= entry.Size;
    }
}

using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Introspection;

namespace Touchstone.Server.Storage;

/// <summary>
/// The records used lately, up to a number of bytes. SIEVE eviction: a hit sets a mark and moves nothing, so reads take no lock; a scan of tokens used once
/// passes through without pushing out those used again.
/// </summary>
internal sealed class RecordCache(long capacity)
{
    private readonly RecordTable _table = new();
    private readonly Lock _writing = new();
    private TokenEntry? _newest, _oldest, _hand;
    private long _bytes;

    /// <summary>What the entries take, as counted against the bound.</summary>
    internal long Bytes => Volatile.Read(ref _bytes);

    internal int Count => _table.Count;

    internal TokenEntry? Find(in Mac128 key)
    {
        var entry = _table.Find(key);
        if (entry is { IsVisited: false }) entry.IsVisited = true; // Written only when it changes, so that hits on two cores share the cache line.
        return entry;
    }

    /// <summary>Keeps an entry, in the place of an older one of the same token; makes room first.</summary>
    internal void Add(TokenEntry entry)
    {
        if (entry.Size > capacity) return;
        lock (_writing)
        {
            if (_table.Find(entry.Key) is { } old) Remove(old);
            while (_bytes + entry.Size > capacity) Evict();
            _table.Add(entry);
            entry.Older = _newest;
            if (_newest is null) _oldest = entry;
            else _newest.Newer = entry;
            _newest = entry;
            _bytes += entry.Size;
        }
    }

    /// <summary>Keeps nothing of what is there now.</summary>
    internal void Clear()
    {
        lock (_writing)
        {
            _table.Clear();
            (_newest, _oldest, _hand) = (null, null, null);
            _bytes = 0;
        }
    }

    /// <summary>The answer of an entry as a view shows it; written once for an entry that is kept, and counted with it.</summary>
    internal byte[] AnswerOf(TokenEntry entry, IntrospectionView view)
    {
        if (entry.Find(view) is { } kept) return kept;
        var answer = entry.Write(view);
        Keep(entry, new ViewedAnswer(view, answer));
        return answer;
    }

    private void Keep(TokenEntry entry, ViewedAnswer answer)
    {
        lock (_writing)
        {
            if (_table.Find(entry.Key) != entry) return; // Not kept, so its answers go with the request too.
            var viewed = ViewedAnswer.Add(entry.Viewed, answer);
            var growth = TokenEntry.SizeOf(viewed) - TokenEntry.SizeOf(entry.Viewed);
            while (_oldest is not null && _bytes + growth > capacity) Evict();
            if (_table.Find(entry.Key) != entry) return; // It made room itself.
            entry.Viewed = viewed;
            _bytes += growth;
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
        _table.Remove(entry);
        _bytes -= entry.Size;
    }
}

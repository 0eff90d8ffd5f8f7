using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Revocation;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Storage;

/// <summary>A token's record and the row that ends it; both null when there is no record.</summary>
internal readonly record struct FoundToken(TokenEntry? Entry, RevocationMatch? Match)
{
    internal TokenRecord? Record => Entry?.Record;
}

/// <summary>Finds a token's record, in memory or else in the store, and judges it against the revocation log (every time, not when it was cached).</summary>
internal sealed class TokenLookup(ITokenStore store, RecordCache cache, RevocationLog log, ServerMetrics metrics, TimeProvider time)
{
    internal ValueTask<FoundToken> FindAsync(in TokenHash hash, CancellationToken cancellationToken)
    {
        var index = log.Index;
        if (cache.Find(hash) is { } entry && entry.AsOf >= index.Floor)
        {
            metrics.CacheHit();
            return new ValueTask<FoundToken>(new FoundToken(entry, entry.Judge(index)));
        }
        metrics.CacheMiss();
        return FindInStoreAsync(hash, cancellationToken);
    }

    private async ValueTask<FoundToken> FindInStoreAsync(TokenHash hash, CancellationToken cancellationToken)
    {
        while (true)
        {
            var started = time.GetTimestamp();
            var stored = await store.FindAsync(hash, judge: log.Index.Floor > 0, cancellationToken);
            metrics.StoreRead(time.GetElapsedTime(started));
            if (stored.Record is null) return default; // "Unknown" is never cached: it may be registered in the next moment.

            var entry = new TokenEntry(stored.Record, stored.Seq);
            if (stored.Match is not null) return new FoundToken(entry, stored.Match);
            // The index is taken after the read. Should its floor have risen meanwhile, the store has to judge what memory no longer can.
            var index = log.Index;
            if (entry.AsOf < index.Floor) continue;
            cache.Add(entry);
            return new FoundToken(entry, entry.Judge(index));
        }
    }
}

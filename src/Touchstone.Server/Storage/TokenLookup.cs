using System.Security.Cryptography;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Leases;
using Touchstone.Server.Revocation;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Storage;

/// <summary>A token as it is held in memory, and the row that ends it; both null when there is no record. Whether a refresh token was used is known where it was asked (<see cref="TokenLookup.WithUseAsync"/>).</summary>
internal readonly record struct FoundToken(TokenEntry? Entry, RevocationMatch? Match, bool IsUsed = false)
{
    /// <summary>What decides about the token.</summary>
    internal TokenRecord? Record => Entry?.Record;
}

/// <summary>A whole record, and the row that ends it; both null when there is no record.</summary>
internal readonly record struct FoundRecord(TokenRecord? Record, RevocationMatch? Match);

/// <summary>Finds a token's record, in memory or else in the store, and judges it against the revocation log (every time, not when it was cached).</summary>
internal sealed class TokenLookup(ITokenStore store, RecordCache cache, RevocationLog log, Freshness freshness, ServerMetrics metrics, ServerOptions options)
{
    private readonly KeyedHash _key = new(RandomNumberGenerator.GetBytes(KeyedHash.KeySize));

    /// <summary>Finds by the token as it was sent. From memory this takes a keyed hash and no SHA-256, which is left to the look-up in the store.</summary>
    internal ValueTask<FoundToken> FindAsync(ReadOnlySpan<byte> token, CancellationToken cancellationToken)
    {
        var key = _key.Of(token);
        var index = log.Index;
        if (cache.Find(key) is { } entry && entry.AsOf >= index.Floor && entry.Era == index.Era)
        {
            metrics.CacheHit();
            return new ValueTask<FoundToken>(new FoundToken(entry, entry.Judge(index)));
        }
        metrics.CacheMiss();
        return FindAndKeepAsync(TokenHash.Of(token), key, cancellationToken);
    }

    /// <summary>The same token, with whether it was used. That is state of the store, and read there each time; memory judges once more afterwards, as after any wait.</summary>
    internal async ValueTask<FoundToken> WithUseAsync(FoundToken found, CancellationToken cancellationToken)
    {
        var entry = found.Entry!;
        if (await store.FindRefreshUseAsync(entry.Record.Hash, cancellationToken) is not null) return found with { IsUsed = true };
        await freshness.EnsureAsync();
        var index = log.Index;
        return entry.AsOf >= index.Floor && entry.Era == index.Era ? found with { Match = entry.Judge(index) } : await FindAndKeepAsync(entry.Record.Hash, entry.Key, cancellationToken);
    }

    /// <summary>The answer about an active token as a view shows it, in the form of the wire.</summary>
    internal ReadOnlySpan<byte> AnswerOf(TokenEntry entry, IntrospectionView view) => view.IsWhole && (!entry.HasLocations || view.Locations is null) ? entry.Answer : cache.AnswerOf(entry, view);

    /// <summary>Finds the whole record by hash, in the store: for administrators.</summary>
    internal async ValueTask<FoundRecord> FindAsync(TokenHash hash, CancellationToken cancellationToken)
    {
        while (true)
        {
            var era = log.Index.Era;
            var stored = await ReadAsync(hash, cancellationToken);
            var index = log.Index;
            if (index.Era != era) continue; // Another life of the log began meanwhile.
            if (stored.Record is null || stored.Match is not null) return new FoundRecord(stored.Record, stored.Match);
            if (stored.Seq >= index.Floor) return new FoundRecord(stored.Record, index.Match(stored.Record)); // Else the floor rose meanwhile: once more, as below.
        }
    }

    private async ValueTask<FoundToken> FindAndKeepAsync(TokenHash hash, Mac128 key, CancellationToken cancellationToken)
    {
        while (true)
        {
            var era = log.Index.Era;
            var stored = await ReadAsync(hash, cancellationToken);
            if (stored.Record is null) return default; // "Unknown" is never cached: it may be registered in the next moment.

            var entry = new TokenEntry(stored.Record, stored.Seq, key, era, isForeign: stored.Record.Issuer != options.EffectiveIssuer);
            if (stored.Match is not null) return new FoundToken(entry, stored.Match);
            // After the last wait, and before the judgement: may memory judge at all?
            await freshness.EnsureAsync();
            // The index is taken after the read. Should its floor have risen meanwhile, the store has to judge what memory no longer can; should another life of the log have begun, all of it is done anew.
            var index = log.Index;
            if (entry.AsOf < index.Floor || era != index.Era) continue;
            cache.Add(entry);
            return new FoundToken(entry, entry.Judge(index));
        }
    }

    private ValueTask<StoredToken> ReadAsync(TokenHash hash, CancellationToken cancellationToken) => store.FindAsync(hash, judge: log.Index.Floor > 0, cancellationToken);
}

using Microsoft.Extensions.Logging;
using Touchstone.Server.Revocation;
using Touchstone.Server.Startup;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Signing;

/// <summary>
/// The keys that this server signs JWTs with. They stand in the store, sealed, and all nodes have the same; memory holds them opened. A new one is published for a while before it signs (next), then signs (current),
/// and stays published until all that it signed has expired (retired).
/// </summary>
internal sealed class SigningKeys(IKeyStore store, KeySeals seals, RevocationLog log, ServerOptions options, ILogger<SigningKeys> logger, TimeProvider time)
{
    /// <summary>The most published keys of an algorithm: readers of key sets take 32 at most (<see cref="Protocol.Jwt.KeySet.MaxKeys"/>).</summary>
    internal const int MaxPublished = 12;

    // Clocks of nodes differ by less; so long after its end a key may still have signed.
    private const long Margin = 3600;

    // How long one can still see in the list what became of a key.
    private const long KeepEnded = 30 * 86400;

    // What memory says of keys counts for so long: then a key that another node retired signs nothing here and is published no more, whatever became of the database. A read that takes longer than it may is one that failed.
    internal static readonly TimeSpan MostAge = TimeSpan.FromSeconds(60), ReadTimeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _changing = new(1), _reading = new(1);
    private KeySeal? _seal;
    private KeyRing _ring = new([]);
    private long _readAt;

    /// <summary>The keys as they were read last.</summary>
    internal KeyRing Ring => Volatile.Read(ref _ring);

    /// <summary>How often other nodes are asked for what they changed: with one process there are none.</summary>
    internal TimeSpan Interval => options.Postgres.Connection is null ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(2);

    private long Now => time.GetUtcNow().ToUnixTimeSeconds();

    // Where there are other nodes they have read it by then: what the first of them signs is published by all.
    private long AtOnce => options.Postgres.Connection is null ? Now : Now + 5;

    private bool IsOld => time.GetElapsedTime(Volatile.Read(ref _readAt)) > MostAge;

    /// <summary>The keys, read again where memory is too old to say what was retired.</summary>
    /// <exception cref="StoreException">They can't be read: 503.</exception>
    internal async ValueTask<KeyRing> ReadAsync()
    {
        if (IsOld) await RefreshAsync(ifOld: true);
        return Ring;
    }

    /// <summary>The key that signs now. From memory: call <see cref="EnsureAsync"/> before, where it may be the first time.</summary>
    /// <exception cref="StoreException">There is none, or it can't be opened: 503, for it passes.</exception>
    internal SigningKey Current(string algorithm) => Ring.Current(algorithm, Now) ?? throw new StoreException($"No signing key for {algorithm} can be had.");

    /// <summary>The key that signs now; made where there is none yet, which an RSA key takes some tenths of a second for. Mostly done at once.</summary>
    internal ValueTask<SigningKey> EnsureAsync(string algorithm) => !IsOld && Ring.Current(algorithm, Now) is { } key ? ValueTask.FromResult(key) : MakeAsync(algorithm);

    /// <summary>Opens the keys before the first request, and makes the first one. One for RS256 takes longer: <see cref="KeepAsync"/> makes it in the background.</summary>
    internal async Task BeginAsync()
    {
        var began = time.GetTimestamp();
        var stored = await store.ReadKeysAsync(CancellationToken.None);
        _seal = await seals.FindAsync(mayMake: stored.All(key => key.Sealed is null) || options.Signing.ReplaceUnreadable);
        Take(stored, began);
        if (Ring.All.FirstOrDefault(key => key.IsLocked(Now)) is { Stored: { } locked })
        {
            if (!options.Signing.ReplaceUnreadable)
                throw new StartupException($"The signing key {locked.Kid} can't be opened with {seals.Source}: it was sealed with another one. Put the right file back. If it is lost, start once with Touchstone:Signing:ReplaceUnreadable true: new keys sign from then on, and what the old ones signed stays good until it expires.");
            foreach (var algorithm in Ring.All.Where(key => key.IsLocked(Now)).Select(key => key.Stored.Algorithm).Distinct().ToArray()) await AddAsync(Ring, algorithm, Now);
        }
        await EnsureAsync(SigningKey.Es256);
    }

    /// <summary>Reads what other nodes changed; adds a key where one is due, and forgets what is over.</summary>
    /// <param name="mayBegin">Whether the first key of an algorithm is made as well, which takes some tenths of a second.</param>
    internal async Task KeepAsync(bool mayBegin = true)
    {
        await RefreshAsync();
        foreach (var algorithm in SigningKey.Algorithms)
        {
            var ring = Ring;
            if ((mayBegin || ring.Of(algorithm).Count > 0) && DueAt(ring, algorithm) is { } from) await AddAsync(ring, algorithm, from);
        }
        var now = Now;
        if (Ring.All.Any(key => key.Stored.PublishedUntil < now - KeepEnded || (key.Stored.Sealed is not null && key.Stored.SignsUntil < now - Margin)))
        {
            await store.ForgetKeysAsync(now - Margin, now - KeepEnded);
            await RefreshAsync();
        }
    }

    /// <summary>Adds the key that signs next, after the overlap or at once. Where one waits already, that is it. Null when too many are published.</summary>
    internal async Task<HeldKey?> RotateAsync(string algorithm, bool atOnce)
    {
        await RefreshAsync();
        var ring = Ring;
        if (ring.Of(algorithm) is [var newest, ..] && newest.Stored.SignsFrom > Now && !atOnce && newest.Stored.RetiredAt is null) return newest;
        if (ring.Published(algorithm, Now) >= MaxPublished) return null;
        // Nobody can have cached what there never was.
        await AddAsync(ring, algorithm, atOnce || ring.Of(algorithm).Count == 0 ? AtOnce : Now + (long)options.Signing.Overlap.TotalSeconds);
        return Ring.Of(algorithm)[0];
    }

    /// <summary>Takes a key out of use and out of <c>jwks.json</c>: one that others may have. The next takes its place, and a new one where there is none. Null where there is no such key.</summary>
    internal async Task<HeldKey?> RetireAsync(string kid)
    {
        await store.RetireKeyAsync(kid, Now);
        await KeepAsync(mayBegin: false);
        return Ring.All.Where(key => key.Stored.Kid == kid).Cast<HeldKey?>().FirstOrDefault();
    }

    // When a new key should begin to sign, where one should be added now: one is too old, or there was one and none is left that has no end.
    private long? DueAt(KeyRing ring, string algorithm)
    {
        var (now, keys, overlap) = (Now, ring.Of(algorithm), (long)options.Signing.Overlap.TotalSeconds);
        // Before anybody needs it, so that who caches jwks.json knows it when it first signs.
        if (keys.Count == 0) return AtOnce;
        if (keys.Where(key => key.Stored.IsOpen).Select(key => key.Stored).FirstOrDefault() is not { } newest) return ring.Current(algorithm, now) is null ? AtOnce : now + overlap;
        if (options.Signing.RotateAfter == TimeSpan.Zero || ring.Published(algorithm, now) >= MaxPublished) return null;
        var end = newest.SignsFrom + (long)options.Signing.RotateAfter.TotalSeconds;
        return now >= end - overlap ? Math.Max(end, now + overlap) : null;
    }

    private async ValueTask<SigningKey> MakeAsync(string algorithm)
    {
        await RefreshAsync();
        // One that is there and can't be opened was sealed by a node with another key file: making one more would only have both make more.
        var ring = Ring;
        if (ring.Current(algorithm, Now) is null && !ring.Of(algorithm).Any(key => key.Stored.IsOpen)) await AddAsync(ring, algorithm, Now);
        return Current(algorithm);
    }

    // Whoever adds one does so behind the keys that it decided by. Of several that decide by the same at the same moment, here or at other nodes, the first has the number, and the others read what it made.
    private async Task AddAsync(KeyRing seen, string algorithm, long signsFrom)
    {
        await _changing.WaitAsync();
        try
        {
            var number = seen.NextNumber(algorithm);
            if (Ring.NextNumber(algorithm) != number) return;
            var key = await Task.Run(() => SigningKey.Create(algorithm));
            var stored = new StoredKey(key.Kid, algorithm, number, Now, signsFrom, key.Jwk) { Sealed = _seal!.Seal(key.Kid, key.Export()) };
            // What the older one signs last may live as long as any token, and what it signed when tokens were allowed to live longer does.
            if (await store.AddKeyAsync(stored, Math.Max(signsFrom + log.LongestLifetime, log.LastExpiry) + Margin)) logger.SigningKeyAdded(algorithm, key.Kid, DateTimeOffset.FromUnixTimeSeconds(signsFrom));
            await RefreshAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    // One at a time: what was read before must not come into memory behind what was read after.
    private async Task RefreshAsync(bool ifOld = false)
    {
        using var patience = new CancellationTokenSource(ReadTimeout, time);
        var isMine = false;
        try
        {
            await _reading.WaitAsync(patience.Token);
            isMine = true;
            if (ifOld && !IsOld) return; // Somebody read them while this one waited.
            var began = time.GetTimestamp();
            Take(await store.ReadKeysAsync(patience.Token).AsTask().WaitAsync(patience.Token), began);
        }
        catch (OperationCanceledException late)
        {
            throw new StoreException($"The signing keys could not be read within {ReadTimeout.TotalSeconds} seconds.", late);
        }
        finally
        {
            if (isMine) _reading.Release();
        }
    }

    private void Take(IReadOnlyList<StoredKey> stored, long began)
    {
        var known = Ring.All.ToDictionary(key => key.Stored.Kid, StringComparer.Ordinal);
        var ring = new KeyRing(stored.Select(key => new HeldKey(key, key.Sealed is null ? null : known.GetValueOrDefault(key.Kid).Key ?? Open(key))));
        Volatile.Write(ref _ring, ring);
        Volatile.Write(ref _readAt, began); // Last: what is young enough is this.
    }

    private SigningKey? Open(StoredKey stored)
    {
        if (_seal?.Open(stored.Kid, stored.Sealed) is { } pkcs8 && SigningKey.Import(stored.Algorithm, pkcs8) is var key && key.Kid == stored.Kid) return key;
        return null;
    }
}

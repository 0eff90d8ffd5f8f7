using System.Collections.Concurrent;
using System.Security.Cryptography;
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

    /// <summary>A command to sign with a new key at once that comes within so many seconds of another one is the same command: sent again, or at another node.</summary>
    internal const int SameCommand = 10;

    // Clocks of nodes differ by less; so long after its end a key may still have signed.
    private const long Margin = 3600;

    // How long one can still see in the list what became of a key.
    private const long KeepEnded = 30 * 86400;

    // What memory says of keys counts for so long: then a key that another node retired signs nothing here and is published no more, whatever became of the database. A read that takes longer than it may is one that failed.
    internal static readonly TimeSpan MostAge = TimeSpan.FromSeconds(60), ReadTimeout = TimeSpan.FromSeconds(10);

    // Requests that find no key that signs look so often, together.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private const string Replaced = "If it is lost, start once with Touchstone:Signing:ReplaceUnreadable true: new keys sign from then on, and what the old ones signed stays good until it expires.";

    private readonly ConcurrentDictionary<string, byte> _toldOf = new(StringComparer.Ordinal);
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

    /// <summary>Whether what memory says of keys counts no more.</summary>
    internal bool IsOld => time.GetElapsedTime(Volatile.Read(ref _readAt)) > MostAge;

    /// <summary>The keys, read again where memory is too old to say what was retired.</summary>
    /// <exception cref="StoreException">They can't be read: 503.</exception>
    internal async ValueTask<KeyRing> ReadAsync()
    {
        if (IsOld) await RefreshAsync(MostAge);
        return Ring;
    }

    /// <summary>The key that signs now. From memory: call <see cref="EnsureAsync"/> before, where it may be the first time.</summary>
    /// <exception cref="StoreException">There is none, or it can't be opened: 503, for it passes.</exception>
    internal SigningKey Current(string algorithm) => Ring.Current(algorithm, Now) ?? throw new StoreException(Ring.Locked(algorithm, Now) is { } locked ? WhyLocked(locked) : $"No signing key for {algorithm} can be had.");

    /// <summary>The key that signs now; made where there is none yet, which an RSA key takes some tenths of a second for. Mostly done at once.</summary>
    internal ValueTask<SigningKey> EnsureAsync(string algorithm) => !IsOld && Ring.Current(algorithm, Now) is { } key ? ValueTask.FromResult(key) : MakeAsync(algorithm);

    /// <summary>Opens the keys before the first request, and makes the first one. One for RS256 takes longer: <see cref="KeepAsync"/> makes it in the background.</summary>
    internal async Task BeginAsync()
    {
        var began = time.GetTimestamp();
        var stored = await store.ReadKeysAsync(CancellationToken.None);
        _seal = await seals.FindAsync(mayMake: stored.All(key => key.Sealed is null) || options.Signing.ReplaceUnreadable);
        Take(stored, began);
        foreach (var algorithm in SigningKey.Algorithms)
        {
            if (Ring.Locked(algorithm, Now) is { } locked) await ReplaceAsync(locked);
        }
        try
        {
            await EnsureAsync(SigningKey.Es256);
        }
        catch (StoreException) when (Ring.Locked(SigningKey.Es256, Now) is { } locked)
        {
            // Another node began in the same moment, with another key file.
            throw new StartupException(WhyLocked(locked));
        }
    }

    /// <summary>Reads what other nodes changed; adds a key where one is due, and forgets what is over.</summary>
    /// <param name="mayBegin">Whether the first key of an algorithm is made as well, which takes some tenths of a second.</param>
    internal async Task KeepAsync(bool mayBegin = true)
    {
        await RefreshAsync();
        foreach (var algorithm in SigningKey.Algorithms)
        {
            var ring = Ring;
            if (IsLocked(ring, algorithm)) continue;
            if ((mayBegin || ring.Of(algorithm).Count > 0) && DueAt(ring, algorithm) is { } from) await AddAsync(ring, algorithm, from);
        }
        var now = Now;
        if (Ring.All.Any(key => key.Stored.PublishedUntil < now - KeepEnded || (key.Stored.Sealed is not null && key.Stored.SignsUntil < now - Margin)))
        {
            await store.ForgetKeysAsync(now - Margin, now - KeepEnded);
            await RefreshAsync();
        }
    }

    /// <summary>Adds the key that signs next, after the overlap or at once. Where one waits already, or was made at once some seconds ago, that is it. Refused, with the reason, when too many are published or keys are another node's to change.</summary>
    internal async Task<KeyRotation> RotateAsync(string algorithm, bool atOnce)
    {
        while (true)
        {
            await RefreshAsync();
            var (ring, now) = (Ring, Now);
            if (ring.Locked(algorithm, now) is { } locked) return new KeyRotation(default, WhyLocked(locked));
            if (ring.Of(algorithm).FirstOrDefault(key => key is { Key: not null, Stored.RetiredAt: null } && (atOnce ? WasMadeAtOnce(key.Stored) : key.Stored.IsOpen && key.Stored.SignsFrom > now)) is { Key: not null } made) return new KeyRotation(made, null);
            if (ring.Published(algorithm, now) >= MaxPublished)
                return new KeyRotation(default, $"{MaxPublished} keys for {algorithm} are published, and readers of key sets take no more. Wait until tokens of the oldest have expired, or retire one.");
            // Nobody can have cached what there never was.
            if (await AddAsync(ring, algorithm, atOnce || ring.Of(algorithm).Count == 0 ? AtOnce : now + (long)options.Signing.Overlap.TotalSeconds) is { } added) return new KeyRotation(added, null);
            // Somebody was first, with a key that may not be what is asked for.
        }
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

    // The first one of all is no answer to a command.
    private bool WasMadeAtOnce(StoredKey key) => key.Number > 1 && key.CreatedAt > Now - SameCommand && key.SignsFrom <= AtOnce && !(key.SignsUntil <= AtOnce);

    // Told once of each.
    private bool IsLocked(KeyRing ring, string algorithm)
    {
        if (ring.Locked(algorithm, Now) is not { } locked) return false;
        if (_toldOf.TryAdd(locked.Stored.Kid, 0)) logger.SigningKeyLocked(WhyLocked(locked));
        return true;
    }

    private string WhyLocked(HeldKey key) => _seal is null
        ? $"The signing key {key.Stored.Kid} can't be opened: {seals.Source} {(Directory.Exists(seals.Source) ? "is a directory" : "is missing")}. Put it back. {Replaced}"
        : $"The signing key {key.Stored.Kid} can't be opened with {seals.Source}: it was sealed with another one. Put the right file back. {Replaced}";

    private async Task ReplaceAsync(HeldKey locked)
    {
        if (!options.Signing.ReplaceUnreadable) throw new StartupException(WhyLocked(locked));
        var algorithm = locked.Stored.Algorithm;
        // No more than readers take: the oldest leaves for it.
        if (Ring.Published(algorithm, Now) >= MaxPublished) await store.RetireKeyAsync(Ring.Of(algorithm).Last(key => key.Stored.IsPublished(Now)).Stored.Kid, Now);
        await AddAsync(Ring, algorithm, Now);
    }

    private async ValueTask<SigningKey> MakeAsync(string algorithm)
    {
        // Whoever waited for another's look has that; and where there is no key that signs, not each request looks for one.
        await RefreshAsync(IsOld ? MostAge : BetweenLooks);
        // One that is there and can't be opened was sealed by a node with another key file: making one more would only have both make more.
        var ring = Ring;
        if (ring.Current(algorithm, Now) is null && ring.Locked(algorithm, Now) is null && !ring.Of(algorithm).Any(key => key.Stored.IsOpen)) await AddAsync(ring, algorithm, Now);
        return Current(algorithm);
    }

    // Whoever adds one does so behind the keys that it decided by. Of several that decide by the same at the same moment, here or at other nodes, the first has the number, and the others read what it made: then it is null.
    private async Task<HeldKey?> AddAsync(KeyRing seen, string algorithm, long signsFrom)
    {
        await _changing.WaitAsync();
        try
        {
            var number = seen.NextNumber(algorithm);
            if (Ring.NextNumber(algorithm) != number) return null;
            var key = await Task.Run(() => SigningKey.Create(algorithm));
            var stored = new StoredKey(key.Kid, algorithm, number, Now, signsFrom, key.Jwk) { Sealed = _seal!.Seal(key.Kid, key.Export()) };
            // What the older one signs last may live as long as any token, and what it signed when tokens were allowed to live longer does.
            var isAdded = await store.AddKeyAsync(stored, Math.Max(signsFrom + log.LongestLifetime, log.LastExpiry) + Margin);
            if (isAdded) logger.SigningKeyAdded(algorithm, key.Kid, DateTimeOffset.FromUnixTimeSeconds(signsFrom));
            await RefreshAsync();
            return isAdded ? Ring.All.First(held => held.Stored.Kid == key.Kid) : null;
        }
        finally
        {
            _changing.Release();
        }
    }

    // One at a time: what was read before must not come into memory behind what was read after.
    private async Task RefreshAsync(TimeSpan? ifOlderThan = null)
    {
        using var patience = new CancellationTokenSource(ReadTimeout, time);
        var isMine = false;
        try
        {
            await _reading.WaitAsync(patience.Token);
            isMine = true;
            if (time.GetElapsedTime(Volatile.Read(ref _readAt)) <= ifOlderThan) return; // Somebody read them while this one waited, or a moment ago.
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

    private SigningKey? Open(StoredKey stored) => _seal is null ? null : Open(_seal, stored);

    /// <summary>What signs with a stored key; null where this seal does not open it, or what is in it is no key that this version knows.</summary>
    internal static SigningKey? Open(KeySeal seal, StoredKey stored)
    {
        try
        {
            return seal.Open(stored.Kid, stored.Sealed) is { } pkcs8 && SigningKey.Import(stored.Algorithm, pkcs8) is var key && key.Kid == stored.Kid ? key : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

/// <summary>The key that a command gives; or why it gives none.</summary>
internal readonly record struct KeyRotation(HeldKey Key, string? Refusal);

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.ClientAuth;

/// <summary>
/// The key sets behind <c>jwks_uri</c>, each fetched for itself so that one that is dead or slow delays nobody but its own client. Kept for <see cref="Fresh"/>; when it can't be read then,
/// the old keys serve up to <see cref="MostStale"/>, so that an outage over there is none here. Whatever requests come, a URI is asked at most once in <see cref="BetweenFetches"/>.
/// </summary>
internal sealed class RemoteKeySets(JwksTransport transport, ILogger<RemoteKeySets> logger, TimeProvider time)
{
    internal static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);
    internal static readonly TimeSpan MostStale = TimeSpan.FromHours(1);
    internal static readonly TimeSpan BetweenFetches = TimeSpan.FromSeconds(30);
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, Remote> _remotes = new(StringComparer.Ordinal);

    /// <summary>The keys; null when they can't be had.</summary>
    internal ValueTask<KeySet?> GetAsync(string uri)
    {
        var remote = _remotes.GetOrAdd(uri, static _ => new Remote());
        lock (remote)
        {
            if (Age(remote) < Fresh) return new(remote.Keys);
            return Fetch(remote, uri) is { } fetching ? new(fetching) : new(Usable(remote));
        }
    }

    /// <summary>Newer keys than those that were seen, or null when there are none to be had now.</summary>
    internal ValueTask<KeySet?> RefreshAsync(string uri, KeySet seen)
    {
        var remote = _remotes.GetOrAdd(uri, static _ => new Remote());
        lock (remote)
        {
            if (remote.Keys is not null && remote.Keys != seen) return new(remote.Keys);
            return Fetch(remote, uri) is { } fetching ? new(fetching) : default;
        }
    }

    /// <summary>Forgets a URI that no client has any more.</summary>
    internal void Forget(string uri) => _remotes.TryRemove(uri, out _);

    // Under the lock. The one that runs, or a new one if it may begin.
    private Task<KeySet?>? Fetch(Remote remote, string uri)
    {
        if (remote.Running is not null) return remote.Running;
        if (remote.Attempted is { } attempted && time.GetElapsedTime(attempted) < BetweenFetches) return null;
        remote.Attempted = time.GetTimestamp();
        return remote.Running = FetchAsync(remote, uri);
    }

    private async Task<KeySet?> FetchAsync(Remote remote, string uri)
    {
        await Task.Yield(); // Never within the lock.
        var started = time.GetTimestamp();
        var keys = await ReadAsync(uri);
        lock (remote)
        {
            remote.Running = null;
            if (keys is null) return Usable(remote);
            remote.Keys = keys;
            remote.Fetched = started;
            return keys;
        }
    }

    private async Task<KeySet?> ReadAsync(string uri)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            var body = await transport.GetAsync(new Uri(uri), patience.Token);
            if (KeySet.TryParse(body, out var keys, out var error)) return keys;
            logger.KeysUnreadable(uri, error);
        }
        catch (Exception failed)
        {
            // Whatever it was: nobody else ends this fetch, and while it runs none begins.
            logger.KeysUnreadable(uri, failed is OperationCanceledException ? "it did not answer in time" : failed.Message);
        }
        return null;
    }

    private TimeSpan Age(Remote remote) => remote.Keys is null ? TimeSpan.MaxValue : time.GetElapsedTime(remote.Fetched);

    private KeySet? Usable(Remote remote) => Age(remote) < MostStale ? remote.Keys : null;

    // What is known of one URI; it is its own lock.
    private sealed class Remote
    {
        internal KeySet? Keys { get; set; }

        internal long Fetched { get; set; }

        internal long? Attempted { get; set; }

        internal Task<KeySet?>? Running { get; set; }
    }
}

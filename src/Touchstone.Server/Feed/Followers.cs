using System.Collections.Concurrent;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Leases;

namespace Touchstone.Server.Feed;

/// <summary>The followers that poll here, in memory and bounded. One that may still hold a lease is never forgotten: a receipt that does not know of it would call a revocation enforced that is not.</summary>
internal sealed class Followers(ServerOptions options, TimeProvider time)
{
    /// <summary>How long one that lapsed is still listed.</summary>
    internal static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<(string Caller, string Instance), Follower> _all = new();
    private readonly Lock _adding = new();
    private int _count;

    /// <summary>Whether anybody follows here, or did lately.</summary>
    internal bool Any => Volatile.Read(ref _count) > 0;

    internal int Count => Volatile.Read(ref _count);

    internal IEnumerable<Follower> All => _all.Values;

    /// <summary>Told of each acknowledgement.</summary>
    internal Action<Follower, LogCursor>? Acknowledged { get; set; }

    /// <summary>Notes a poll; null when there are as many followers as may be.</summary>
    internal Follower? Polled(string caller, FollowerIdentity identity)
    {
        var key = (caller, identity.Instance);
        if (!_all.TryGetValue(key, out var follower) && (follower = Add(key, identity)) is null) return null;
        var now = time.Read();
        // Silent for so long, it may have been taken for gone by another node: it is told of again before it gets a lease.
        if (now.AtLeastSince(follower.State.LeaseFrom) >= LeaseTerms.Follower.GoneAfter) follower.Forget();
        follower.Polled(identity, time.GetUtcNow().ToUnixTimeSeconds(), now);
        return follower;
    }

    /// <summary>A follower of this node, if it is one.</summary>
    internal Follower? Find(string caller, string instance) => _all.GetValueOrDefault((caller, instance));

    /// <summary>A follower is answered with a lease.</summary>
    internal void Answered(Follower follower) => follower.Answered(time.Read());

    /// <summary>A follower came back with what it knows: its poll is its acknowledgement.</summary>
    internal void Acknowledge(Follower follower, LogCursor cursor)
    {
        follower.Acknowledge(cursor);
        Acknowledged?.Invoke(follower, cursor);
    }

    /// <summary>How many may hold a lease.</summary>
    internal int CountHeld()
    {
        var now = time.Read();
        return _all.Values.Count(follower => !follower.State.IsLapsed(now));
    }

    /// <summary>Forgets what lapsed long ago, and who goes on without end when it was silent for as long: it may be gone, and would be waited for for ever. Called by the clock.</summary>
    internal void Sweep()
    {
        var now = time.Read();
        lock (_adding) Remove(follower => now.AtLeastSince(follower.State.LeaseFrom) >= KeptFor && (follower.State.Identity.Grace is null || follower.State.IsLapsed(now)));
    }

    private Follower? Add((string Caller, string Instance) key, FollowerIdentity identity)
    {
        lock (_adding)
        {
            if (_all.TryGetValue(key, out var there)) return there;
            if (_count >= options.Feed.MaxFollowers)
            {
                var now = time.Read();
                Remove(follower => follower.State.IsLapsed(now));
                if (_count >= options.Feed.MaxFollowers) return null;
            }
            var added = _all[key] = new Follower(key.Caller, identity, time.GetUtcNow().ToUnixTimeSeconds());
            Volatile.Write(ref _count, _all.Count);
            return added;
        }
    }

    private void Remove(Func<Follower, bool> isOver)
    {
        foreach (var (key, follower) in _all)
        {
            if (isOver(follower)) _all.TryRemove(key, out _);
        }
        Volatile.Write(ref _count, _all.Count);
    }
}

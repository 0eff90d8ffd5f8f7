using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Feed;

/// <summary>A cache outside that polls here, as far as this node knows it.</summary>
internal sealed class Follower(string caller, FollowerIdentity identity, long firstSeen)
{
    private readonly Lock _lock = new();
    private FollowerState _state = new(identity, firstSeen, default, default, 0, 1);

    /// <summary>The client that it authenticates as.</summary>
    internal string Caller { get; } = caller;

    internal string Instance { get; } = identity.Instance;

    /// <summary>In seconds since 1970.</summary>
    internal long FirstSeen { get; } = firstSeen;

    internal FollowerState State => Volatile.Read(ref _state);

    /// <summary>Whether the other nodes were told of it.</summary>
    internal bool IsKnown { get; set; }

    /// <summary>The <see cref="FollowerState.Version"/> that the other nodes were told of; only the reporter uses it.</summary>
    internal long Reported { get; set; }

    /// <summary>It as it is told to other nodes.</summary>
    internal FollowerReport Report()
    {
        var state = State;
        return new FollowerReport(Caller, Instance, state.Identity.Name, state.Identity.Grace, state.Acknowledged, state.LastSeen);
    }

    /// <summary>The other nodes know of it no more.</summary>
    internal void Forget() => IsKnown = false;

    /// <summary>A poll came. It may bring a lease that another node gave, which began before the poll arrived.</summary>
    internal void Polled(FollowerIdentity identity, long seen, ClockReading arrived)
    {
        lock (_lock)
        {
            Set(_state with
            {
                Identity = identity == _state.Identity ? _state.Identity : identity, LastSeen = seen, LeaseFrom = Later(_state.LeaseFrom, arrived), Polls = _state.Polls + 1, Version = _state.Version + 1,
            });
        }
    }

    /// <summary>Every check that it begins from now on is bound by the rows up to this one.</summary>
    internal void Acknowledge(LogCursor cursor)
    {
        lock (_lock)
        {
            if (cursor.Covers(_state.Acknowledged) || _state.Acknowledged.Epoch != cursor.Epoch) Set(_state with { Acknowledged = cursor, Version = _state.Version + 1 });
        }
    }

    /// <summary>It is answered now, with a lease that began before.</summary>
    internal void Answered(ClockReading now)
    {
        lock (_lock) Set(_state with { LeaseFrom = Later(_state.LeaseFrom, now), Version = _state.Version + 1 });
    }

    private void Set(FollowerState state) => Volatile.Write(ref _state, state);

    private static ClockReading Later(ClockReading one, ClockReading other) => one.Monotonic > other.Monotonic ? one : other;
}

/// <summary>What is known of a follower at one moment.</summary>
/// <param name="Identity">What its last poll said.</param>
/// <param name="LastSeen">When that came, in seconds since 1970.</param>
/// <param name="Acknowledged">The row up to which every check of it is bound.</param>
/// <param name="LeaseFrom">No lease of it can have begun later than this.</param>
/// <param name="Polls">How often it polled.</param>
/// <param name="Version">Counts what changed here.</param>
internal sealed record FollowerState(FollowerIdentity Identity, long LastSeen, LogCursor Acknowledged, ClockReading LeaseFrom, long Polls, long Version)
{
    /// <summary>Whether it can use nothing any more that it held when it polled last, by this node's clock.</summary>
    internal bool IsLapsed(ClockReading now) => Identity.Grace is { } grace && now.AtLeastSince(LeaseFrom) >= LeaseTerms.Follower.GoneAfter + grace;
}

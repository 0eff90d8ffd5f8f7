using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Leases;

/// <summary>Whether what this process has in memory may decide: introspection, authentication of callers, issuing, answers of the feed. Asked after the last await before the decision.</summary>
internal abstract class Freshness
{
    /// <summary>Whether memory may decide now.</summary>
    internal abstract bool IsHeld { get; }

    /// <summary>Since when the lease runs that <see cref="IsHeld"/> speaks of; null when there is none. Followers take theirs from here.</summary>
    internal abstract ClockReading? Since { get; }

    /// <summary>What is in memory; asked where another life of the log begins. Null in what only reads.</summary>
    internal ILogMemory? Memory { get; set; }

    /// <summary>This process's clocks.</summary>
    internal abstract ClockReading Now { get; }

    /// <summary>The nodes that share the store, this one among them; none where one process has it alone.</summary>
    /// <exception cref="Storage.StoreException">They can't be looked up.</exception>
    internal abstract Task<IReadOnlyList<NodeRow>> NodesAsync();

    /// <summary>Done when memory may decide about a request that arrived before the call: at once where a lease is held, else after a read of the log.</summary>
    /// <exception cref="Storage.StoreException">The log can't be read: 503.</exception>
    internal ValueTask EnsureAsync() => IsHeld ? ValueTask.CompletedTask : ReadAsync();

    /// <summary>Done when a read of the log that began after the call is in memory; one read serves all that wait. For a request that arrived before, it proves as much as a lease.</summary>
    /// <exception cref="Storage.StoreException">The log can't be read: 503.</exception>
    internal abstract ValueTask ReadAsync();
}

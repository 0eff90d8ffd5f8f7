namespace Touchstone.Protocol.Leases;

/// <summary>
/// Since when each node's heartbeat has stood still, by this process's own clock. One watch serves all who wait, so that a dead node costs one lease and not one for each revocation.
/// </summary>
/// <remarks>Why an observation from before a revocation may count for it: a heartbeat that commits after the waiter's look is followed by a read of the log, which sees the row. Not safe for several threads.</remarks>
public sealed class NodeWatch(LeaseTerms terms)
{
    private readonly LeaseTerms _terms = terms;
    private Dictionary<Guid, (long Beat, ClockReading Since)> _seen = [];
    private string? _database;

    /// <summary>Takes a look at the nodes. The clock is read after the look has returned.</summary>
    /// <param name="nodes">The rows of the table of nodes.</param>
    /// <param name="database">What the database said of itself in that snapshot. In another life of it heartbeats count from an earlier number again, so nothing seen before says anything.</param>
    /// <param name="now">This process's clocks.</param>
    public void Look(IReadOnlyList<NodeRow> nodes, string database, ClockReading now)
    {
        if (database != _database) _seen = [];
        _database = database;
        var seen = new Dictionary<Guid, (long, ClockReading)>(nodes.Count);
        foreach (var node in nodes) seen[node.Instance] = _seen.TryGetValue(node.Instance, out var before) && before.Beat == node.Beat ? before : (node.Beat, now);
        _seen = seen;
    }

    /// <summary>Whether a node of the last look has been silent for so long that it can hold no lease. Its row may be deleted, if the database is still the same and the heartbeat still this one.</summary>
    public bool IsSilent(in NodeRow node, ClockReading now) =>
        _seen.TryGetValue(node.Instance, out var seen) && seen.Beat == node.Beat && now.AtLeastSince(seen.Since) >= _terms.GoneAfter;
}

namespace Touchstone.Protocol.Leases;

/// <summary>
/// What a revocation waits for after its commit: that no node can any longer decide without its row. Each node has acknowledged the row, or has left, or has been silent for longer than its lease;
/// and whatever happens, that is so once a whole lease and the margin have passed since the commit.
/// </summary>
/// <remarks>Only the nodes of the first look count. One that registers later reads the log after its registration, and so sees the row.</remarks>
public sealed class RevocationBarrier
{
    private readonly LeaseTerms _terms;
    private readonly Guid _epoch;
    private readonly long _seq;
    private readonly string _database;
    private readonly ClockReading _committed;
    private readonly bool _fullWait;
    private Dictionary<Guid, string>? _waiting;

    /// <summary>Begins after the commit of a row has returned.</summary>
    /// <param name="terms">The terms of the nodes' leases.</param>
    /// <param name="epoch">The epoch in which the row was written.</param>
    /// <param name="seq">The row; or, for a revocation that found its row there already, that row.</param>
    /// <param name="database">What the database said of itself in the transaction of the commit.</param>
    /// <param name="committed">The waiter's clocks after the commit returned.</param>
    /// <param name="fullWait">
    /// The database restarted, failed over or began an epoch less than a lease ago, by what this process knows: then what stands in its table of nodes may be of another life, and only time counts.
    /// </param>
    public RevocationBarrier(LeaseTerms terms, Guid epoch, long seq, string database, ClockReading committed, bool fullWait)
    {
        _terms = terms;
        _epoch = epoch;
        _seq = seq;
        _database = database;
        _committed = committed;
        _fullWait = fullWait;
    }

    /// <summary>Whether time alone has ended every lease from before the row; true at the latest then, with or without the database.</summary>
    public bool IsOver(ClockReading now) => now.AtLeastSince(_committed) >= _terms.GoneAfter;

    /// <summary>How long until <see cref="IsOver"/>.</summary>
    public TimeSpan Left(ClockReading now)
    {
        var left = _terms.GoneAfter - now.AtLeastSince(_committed);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Takes a look at the nodes, in a snapshot that began after the commit returned and that the watch has seen.</summary>
    /// <param name="nodes">The rows of the table of nodes.</param>
    /// <param name="database">What the database said of itself in that snapshot.</param>
    /// <param name="watch">The watch of this process.</param>
    /// <param name="now">The waiter's clocks after the look returned.</param>
    public BarrierState Look(IReadOnlyList<NodeRow> nodes, string database, NodeWatch watch, ClockReading now)
    {
        if (database != _database) return BarrierState.Broken;
        if (_fullWait || IsOver(now)) return IsOver(now) ? BarrierState.Met : BarrierState.Waiting;
        _waiting ??= nodes.ToDictionary(node => node.Instance, node => node.Name);
        foreach (var instance in _waiting.Keys.ToArray())
        {
            var row = nodes.FirstOrDefault(node => node.Instance == instance);
            // A row that is just gone says nothing: whoever took it away may have been wrong, and its node may hold a lease. Then only time counts.
            if (row.Instance != instance) continue;
            if (row.HasLeft || (row.Epoch == _epoch && row.Acknowledged >= _seq) || watch.IsSilent(row, now)) _waiting.Remove(instance);
        }
        return _waiting.Count == 0 ? BarrierState.Met : BarrierState.Waiting;
    }

    /// <summary>
    /// Takes what a node itself says that it has in memory. It can say so earlier than the table of nodes shows it. Before the first look it says nothing: which nodes there are is known only then.
    /// </summary>
    /// <param name="instance">The node, as it stands in the table.</param>
    /// <param name="acknowledged">How far its memory is. A place that the waiter has read as well (<see cref="RecentRows"/>): else its number may be of a log that was longer once.</param>
    /// <param name="now">The waiter's clocks.</param>
    public BarrierState Hear(Guid instance, LogCursor acknowledged, ClockReading now)
    {
        if (_fullWait || IsOver(now)) return IsOver(now) ? BarrierState.Met : BarrierState.Waiting;
        if (_waiting is null) return BarrierState.Waiting;
        if (acknowledged.Epoch == _epoch && acknowledged.Seq >= _seq) _waiting.Remove(instance);
        return _waiting.Count == 0 ? BarrierState.Met : BarrierState.Waiting;
    }

    /// <summary>The names of the nodes that are still waited for; empty before the first look.</summary>
    public IEnumerable<string> Pending => _waiting?.Values ?? Enumerable.Empty<string>();
}

/// <summary>What is known of a revocation that is waited for.</summary>
public enum BarrierState
{
    /// <summary>A node may still decide without it.</summary>
    Waiting,

    /// <summary>It binds every node.</summary>
    Met,

    /// <summary>The database became another one since the commit (failed over, restored, restarted), and may have lost the row: revoke once more.</summary>
    Broken,
}

using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>The one database: each call is a transaction that takes no time; the way there and back does.</summary>
internal sealed class SimulatedDatabase(World world)
{
    internal sealed record Row(long Seq, Guid Id, int Token);

    private List<Row> _rows = [];
    private Dictionary<string, NodeRow> _nodes = [];
    private (List<Row> Rows, Dictionary<string, NodeRow> Nodes)? _backup;
    private Guid _epoch = world.NewGuid();

    internal SimulatedClock Clock { get; } = new(world);

    internal string Identity { get; private set; } = "first";

    internal LogCursor Head => _rows.Count == 0 ? LogCursor.Start(_epoch) : new LogCursor(_epoch, _rows[^1].Seq, _rows[^1].Id);

    internal (LogView View, IReadOnlyList<Row> After) Read(LogCursor cursor) =>
        (new LogView(Head, _rows.Find(row => row.Seq == cursor.Seq)?.Id, Identity), [.. _rows.Where(row => row.Seq > cursor.Seq)]);

    internal Row Append(int token)
    {
        var row = new Row(Head.Seq + 1, world.NewGuid(), token);
        _rows.Add(row);
        return row;
    }

    internal bool IsRevoked(int token) => _rows.Exists(row => row.Token == token);

    internal void Register(NodeRow node) => _nodes[node.Instance.ToString()] = node;

    internal bool Beat(Guid instance, Guid epoch, long acknowledged)
    {
        if (!_nodes.TryGetValue(instance.ToString(), out var row)) return false;
        _nodes[instance.ToString()] = row with { Beat = row.Beat + 1, Epoch = epoch, Acknowledged = acknowledged };
        return true;
    }

    internal void Acknowledge(Guid instance, Guid epoch, long acknowledged)
    {
        if (_nodes.TryGetValue(instance.ToString(), out var row)) _nodes[instance.ToString()] = row with { Epoch = epoch, Acknowledged = acknowledged };
    }

    internal IReadOnlyList<NodeRow> Nodes() => [.. _nodes.Values];

    internal void Leave(Guid instance)
    {
        if (_nodes.TryGetValue(instance.ToString(), out var row)) _nodes[instance.ToString()] = row with { Beat = -1 };
    }

    /// <summary>Takes a silent node's row away, if its beat is still the one observed, in the same life of the database.</summary>
    internal void Bury(NodeRow silent, string identity)
    {
        if (identity == Identity && _nodes.TryGetValue(silent.Instance.ToString(), out var row) && row.Beat == silent.Beat) _nodes.Remove(silent.Instance.ToString());
    }

    internal void Backup() => _backup = ([.. _rows], new(_nodes));

    /// <summary>Goes back to the last backup, as an operator would after a disk was lost.</summary>
    internal bool Restore()
    {
        if (_backup is not { } backup) return false;
        (_rows, _nodes) = ([.. backup.Rows], new(backup.Nodes));
        Identity = world.NewGuid().ToString();
        return true;
    }

    /// <summary>Begins an epoch after an old one, unless another node did; appends again what memory holds and the log has lost. Gives the epoch that is.</summary>
    internal Guid BeginEpoch(Guid? old, IEnumerable<int> revoked)
    {
        if (_epoch == old) _epoch = world.NewGuid();
        foreach (var token in revoked.Where(token => !IsRevoked(token)).ToArray()) Append(token);
        return _epoch;
    }
}

namespace Touchstone.Server.Audit;

/// <summary>
/// What this node's chain of changes remembers of the other chains in the database: at each checkpoint the newest record of each that has grown since it was named last. So a chain that is cut, or gone
/// altogether, is missed by all the others.
/// </summary>
internal sealed class AuditWitness
{
    // A checkpoint is one line. Where there are more chains, the next one names those that are left.
    private const int MaxNamed = 100;

    private readonly Dictionary<string, AuditAnchor> _named = [];
    private readonly List<AuditAnchor> _naming = [];
    private IReadOnlyList<AuditAnchor> _seen = [];

    /// <summary>How many were named in the transaction under way.</summary>
    internal int Naming => _naming.Count;

    /// <summary>The newest records of the other chains, as they stand on the disk.</summary>
    internal void See(IReadOnlyList<AuditAnchor> heads) => _seen = heads;

    /// <summary>
    /// Whether others have grown so much that it is worth a checkpoint of a chain that has not: by more than a checkpoint of their own. Else idle nodes would sign each other's signatures for ever.
    /// </summary>
    internal bool HasMoved() => _seen.Any(head => !_named.TryGetValue(head.Chain, out var named) || head.N > named.N + 1 || head.N < named.N);

    /// <summary>What the next checkpoint is to name.</summary>
    internal IReadOnlyList<AuditAnchor> Name()
    {
        AuditAnchor[] named = [.. _seen.Where(head => Known(head.Chain) != head).Take(MaxNamed)];
        _naming.AddRange(named);
        return named;
    }

    /// <summary>Goes back to a place in the transaction.</summary>
    internal void Undo(int naming) => _naming.RemoveRange(naming, _naming.Count - naming);

    /// <summary>What was named is on the disk.</summary>
    internal void Committed()
    {
        foreach (var anchor in _naming) _named[anchor.Chain] = anchor;
        _naming.Clear();
    }

    private AuditAnchor? Known(string chain)
    {
        for (var i = _naming.Count - 1; i >= 0; i--)
        {
            if (_naming[i].Chain == chain) return _naming[i];
        }
        return _named.TryGetValue(chain, out var named) ? named : null;
    }
}

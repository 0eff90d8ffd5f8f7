namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>What an omniscient observer knows, and the two promises that it holds the system to.</summary>
internal sealed class Ledger(World world, SimulatedDatabase database)
{
    private readonly Dictionary<int, TimeSpan> _committed = [], _acknowledged = [];
    private readonly HashSet<int> _lost = [];

    internal List<SimulatedNode> Nodes { get; } = [];

    /// <summary>The first promise that was broken, in words; null while none is.</summary>
    internal string? Violation { get; private set; }

    internal int Answers { get; private set; }

    internal int Uses { get; private set; }

    internal int Jwts { get; private set; }

    internal int Revocations => _acknowledged.Count;

    internal SimulatedNode AnyNode() => Nodes[world.Chance.Next(Nodes.Count)];

    internal void Wake()
    {
        foreach (var node in Nodes.ToArray())
        {
            if (world.Likely(0.8)) world.After(world.Latency(), node.Wake);
        }
    }

    internal void Committed(int token) => _committed.TryAdd(token, world.Now);

    /// <summary>The 200 of a revocation. Nothing is promised for a row that a restored database lost, not even where a node that remembers it wrote it again.</summary>
    internal void Acknowledged(int token)
    {
        if (_lost.Contains(token) || !_acknowledged.TryAdd(token, world.Now)) return;
        foreach (var node in Nodes.ToArray()) world.After(world.Between(0.01, 2), () => node.Introspect(token)); // Who was just told tries at once.
    }

    /// <summary>No introspection that begins after the 200 answers active, at any node.</summary>
    internal void Active(int token, TimeSpan begun, string node)
    {
        Answers++;
        if (_acknowledged.TryGetValue(token, out var acknowledged) && acknowledged < begun)
            Violation ??= $"{node} called token {token} active at {world.Now.TotalSeconds:F3} s, asked at {begun.TotalSeconds:F3} s; its revocation was answered at {acknowledged.TotalSeconds:F3} s.";
    }

    /// <summary>A follower enforces within a node's and its own lease of the commit.</summary>
    internal void Used(int token)
    {
        Uses++;
        if (_committed.TryGetValue(token, out var committed) && world.Now > committed + SimulatedNode.Terms.GoneAfter + SimulatedFollower.Terms.GoneAfter)
            Violation ??= $"A follower used token {token} at {world.Now.TotalSeconds:F3} s; its revocation was committed at {committed.TotalSeconds:F3} s.";
    }

    /// <summary>The same of a JWT that nobody was asked about.</summary>
    internal void UsedJwt(int token)
    {
        Jwts++;
        Used(token);
    }

    /// <summary>The database went back to a backup.</summary>
    internal void Restored()
    {
        foreach (var token in _committed.Keys.Where(token => !database.IsRevoked(token)).ToArray())
        {
            _lost.Add(token);
            _committed.Remove(token);
            _acknowledged.Remove(token);
        }
    }
}

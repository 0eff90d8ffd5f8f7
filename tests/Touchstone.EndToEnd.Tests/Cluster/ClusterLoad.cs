using System.Collections.Concurrent;
using System.Globalization;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Cluster;

/// <summary>Clients of all nodes that introspect without a pause. Every answer is judged: none that began after the 200 of a revocation may be active.</summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    // Of each node. Together they keep two cores busy.
    private const int Workers = 6;

    private readonly IReadOnlyList<WatchedToken> _tokens;
    private readonly WatchedToken[] _recent;
    private readonly NodeClient[] _nodes;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly Task _working;
    private Tally[] _tallies;
    private int _next;
    private long _about;

    internal ClusterLoad(IReadOnlyList<ServerProcess> nodes, TestClient caller, IReadOnlyList<WatchedToken> tokens, int seed)
    {
        _tokens = tokens;
        // Those whose revocation is under way or just done; at first any.
        _recent = [.. Enumerable.Range(0, 16).Select(i => tokens[i % tokens.Count])];
        _nodes = [.. nodes.Select(node => new NodeClient(node, caller))];
        _tallies = [.. nodes.Select(_ => new Tally())];
        _working = Task.WhenAll(Enumerable.Range(0, nodes.Count * Workers).Select(worker => Task.Run(() => WorkAsync(worker % nodes.Count, Bars.Random(seed, worker)))));
    }

    /// <summary>What must never be.</summary>
    internal IReadOnlyCollection<string> Faults => _faults;

    /// <summary>How many introspections began after the revocation of their token was acknowledged.</summary>
    internal long AskedAfter => Volatile.Read(ref _about);

    /// <summary>Begins to count anew; gives what was counted for each node.</summary>
    internal Tally[] Turn() => Interlocked.Exchange(ref _tallies, [.. _nodes.Select(_ => new Tally())]);

    /// <summary>From now on half of all introspections are about this token and the last few before it.</summary>
    internal void Watch(WatchedToken token) => Volatile.Write(ref _recent[(uint)Interlocked.Increment(ref _next) % _recent.Length], token);

    /// <summary>Asks every node about every token once.</summary>
    internal async Task AskAllAsync()
    {
        for (var node = 0; node < _nodes.Length; node++)
            await Parallel.ForEachAsync(_tokens, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (token, cancellationToken) => await AskAsync(node, token, tally: null));
    }

    /// <summary>Lets every introspection under way end.</summary>
    internal async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _working;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var node in _nodes) node.Dispose();
        _stopping.Dispose();
    }

    private async Task WorkAsync(int node, Random random)
    {
        while (!_stopping.IsCancellationRequested)
        {
            var token = random.Next(2) == 0 ? _tokens[random.Next(_tokens.Count)] : Volatile.Read(ref _recent[random.Next(_recent.Length)]);
            var tally = Volatile.Read(ref _tallies)[node];
            // Who can't reach a node asks again a little later.
            if (await AskAsync(node, token, tally) is NodeAnswer.Failed) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private async Task<NodeAnswer> AskAsync(int node, WatchedToken token, Tally? tally)
    {
        // Before the request is written: only an introspection that begins after the acknowledgement is bound by it.
        var begun = TimeProvider.System.GetTimestamp();
        var answer = await _nodes[node].AskAsync(token, CancellationToken.None);
        if (token.WasRevokedBefore(begun))
        {
            Interlocked.Increment(ref _about);
            if (answer is NodeAnswer.Active) Fault(node, token, "says active, and was asked after the 200 of its revocation");
        }
        // Whether its revocation was asked for is looked at afterwards: what lived until now lived all the while.
        else if (!token.IsAsked)
        {
            if (answer is NodeAnswer.Inactive) Fault(node, token, "says inactive, and nobody has revoked it");
            // What fails counts where it ended: a node that is killed answers nothing to who asked right before.
            else (answer is NodeAnswer.Failed && tally is not null ? Volatile.Read(ref _tallies)[node] : tally)?.Count(answer);
        }
        return answer;
    }

    private void Fault(int node, WatchedToken token, string what) => _faults.Enqueue(string.Create(CultureInfo.InvariantCulture, $"node {node + 1} {what} (token {_tokens.ToList().IndexOf(token)})"));
}

using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Cluster;

/// <summary>Revokes tokens at an even pace, each at a node by chance, through either endpoint, however long the answers take. What is not answered 200 is asked for again, at any node.</summary>
internal sealed class PacedRevocations
{
    private readonly IReadOnlyList<ServerProcess> _nodes;
    private readonly TestClient _owner;
    private readonly WatchedToken[] _tokens;
    private readonly ClusterLoad _load;
    private readonly Random _random;
    private readonly Task _running;
    private readonly double[] _milliseconds;
    private int _started, _repeated;

    internal PacedRevocations(IReadOnlyList<ServerProcess> nodes, TestClient owner, WatchedToken[] tokens, ClusterLoad load, TimeSpan pace, int seed)
    {
        (_nodes, _owner, _tokens, _load, _random) = (nodes, owner, tokens, load, Bars.Random(seed, -1));
        _milliseconds = new double[tokens.Length];
        _running = RunAsync(pace);
    }

    /// <summary>Done when all are answered.</summary>
    internal Task AllAsync() => _running.WaitAsync(Until.Deadline, TimeProvider.System);

    /// <summary>Done when this part of them was begun.</summary>
    internal Task StartedAsync(double part) => Until.TrueAsync(() => _running.IsFaulted || Volatile.Read(ref _started) >= part * _tokens.Length, "revocations are under way");

    /// <summary>How long the answers took, and how often one was asked for again.</summary>
    public override string ToString()
    {
        var sorted = _milliseconds.Order().ToArray();
        return $"{sorted.Length} revocations: p50 {sorted[sorted.Length / 2]:F1} ms, p99 {sorted[sorted.Length * 99 / 100]:F0} ms, at most {sorted[^1]:F0} ms; {_repeated} asked for again";
    }

    private async Task RunAsync(TimeSpan pace)
    {
        var revoking = new List<Task>();
        using var timer = new PeriodicTimer(pace, TimeProvider.System);
        foreach (var _ in _tokens)
        {
            await timer.WaitForNextTickAsync();
            var (number, node, asAdministrator) = (_started, _random.Next(_nodes.Count), _random.Next(2) == 0);
            revoking.Add(Task.Run(() => RevokeAsync(number, node, asAdministrator)));
            Interlocked.Increment(ref _started);
        }
        await Task.WhenAll(revoking);
    }

    private async Task RevokeAsync(int number, int node, bool asAdministrator)
    {
        var (token, began) = (_tokens[number], TimeProvider.System.GetTimestamp());
        _load.Watch(token);
        token.Ask();
        while (!await IsRevokedAsync(token, _nodes[node], asAdministrator))
        {
            Interlocked.Increment(ref _repeated);
            node = (node + 1) % _nodes.Count;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
        token.Acknowledge();
        _milliseconds[number] = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
    }

    private async Task<bool> IsRevokedAsync(WatchedToken token, ServerProcess node, bool asAdministrator)
    {
        try
        {
            var answer = asAdministrator ? await node.Admin.PostAsync("/admin/revocations", new { token = token.Value }) : await node.OAuth.RevokeAsync(token.Value, _owner);
            return answer.Status is 200 or 503 ? answer.Status == 200 : throw new InvalidOperationException(answer.ToString());
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            return false; // The node was killed, or the client of before its restart is closed.
        }
    }
}

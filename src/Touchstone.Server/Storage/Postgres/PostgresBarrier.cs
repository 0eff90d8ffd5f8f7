using Touchstone.Protocol.Leases;
using Touchstone.Server.Leases;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// What waits, after a commit, until no node can decide without its rows any more (<see cref="RevocationBarrier"/>). One look at the nodes serves all that wait, and a look now and then while nobody does:
/// a node that died is found silent before somebody has to wait for it, and its row is taken away.
/// </summary>
internal sealed class PostgresBarrier(PostgresNodes nodes, PostgresLog log, Func<Guid> self, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Idle = LeaseTerms.Node.Duration / 4, Shortest = TimeSpan.FromMilliseconds(2), Longest = TimeSpan.FromMilliseconds(20);

    private readonly Lock _adding = new();
    private readonly List<Waiting> _added = [];
    private readonly List<Waiting> _waiting = [];
    private readonly NodeWatch _watch = new(LeaseTerms.Node);
    private readonly PostgresHearing _hearing = new();
    private readonly Wakeup _wake = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;
    private int _others; // Nodes beside this one that are alive, at the last look.
    private int _count;

    private sealed record Waiting(long Seq, RevocationBarrier Barrier, TaskCompletionSource Done);

    internal void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Done when a row binds every node. Called after its commit has returned, or for a row that was there already.</summary>
    /// <exception cref="StoreException">The database became another one meanwhile, and may have lost the row: 503, and whoever asked asks again.</exception>
    internal Task EnforceAsync(Guid epoch, long seq, string life)
    {
        var now = time.Read();
        var seen = log.Life;
        // What stands in the table of nodes may be of an earlier life of the database: then only time counts.
        var isYoung = life != seen.Database || now.AtLeastSince(seen.Since) < LeaseTerms.Node.GoneAfter;
        var waiting = new Waiting(seq, new RevocationBarrier(LeaseTerms.Node, epoch, seq, life, now, isYoung), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_adding) _added.Add(waiting);
        Interlocked.Increment(ref _count);
        _wake.Set();
        return waiting.Done.Task;
    }

    /// <summary>Another node says that it has acknowledged rows.</summary>
    internal void Acknowledged(string sender, long seq)
    {
        _hearing.Hear(sender, seq);
        if (Volatile.Read(ref _count) > 0) _wake.Set();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = Idle;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                // A node that acknowledges wakes it; where that gets lost it looks by itself, often at first, and seldom where a node is silent.
                if (await WaitAsync(pause)) pause = Shortest;
                else if (_waiting.Count > 0) pause = Min(pause * 1.3, Longest);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            await LookAsync();
            if (_waiting.Count == 0) pause = Idle;
        }
        Take();
        foreach (var (_, _, done) in _waiting) done.TrySetException(new StoreException("The node stops before every other one was heard of."));
    }

    // Whether it was woken. A look before the others have acknowledged would find out just that, and take the processor from them: it waits for them, but not for long.
    private async Task<bool> WaitAsync(TimeSpan pause)
    {
        if (!await _wake.WaitAsync(pause, _stopping.Token)) return false;
        var woken = time.GetTimestamp();
        for (Take(); !_hearing.IsHeard(_others, _waiting.Count == 0 ? 0 : _waiting[0].Seq); Take())
        {
            if (time.GetElapsedTime(woken) >= Shortest || !await _wake.WaitAsync(Shortest, _stopping.Token)) break;
        }
        return true;
    }

    private async Task LookAsync()
    {
        Take(); // Before the look begins: it has to begin after their commits.
        NodesSeen? seen = null;
        try
        {
            seen = await nodes.LookAsync();
        }
        catch (StoreException)
        {
            // Without the database, time alone counts.
        }
        var now = time.Read();
        if (seen is not null)
        {
            _watch.Look(seen.Nodes, seen.Life, now);
            _others = seen.Nodes.Count(node => node.Instance != self() && !node.HasLeft && !_watch.IsSilent(node, now));
        }
        // What this process has in memory binds it already.
        var rows = seen?.Nodes.Select(node => node.Instance == self() ? node with { Epoch = log.Cursor.Epoch, Acknowledged = log.Cursor.Seq } : node).ToArray();
        Interlocked.Add(ref _count, -_waiting.RemoveAll(waiting => IsOver(waiting, rows, seen?.Life, now)));
        foreach (var node in seen?.Nodes ?? [])
        {
            if (node.Instance != self() && (node.HasLeft || _watch.IsSilent(node, now))) await BuryAsync(node, seen!.Life);
        }
    }

    private bool IsOver(Waiting waiting, NodeRow[]? rows, string? life, ClockReading now)
    {
        switch (rows is null ? waiting.Barrier.IsOver(now) ? BarrierState.Met : BarrierState.Waiting : waiting.Barrier.Look(rows, life!, _watch, now))
        {
            case BarrierState.Met:
                waiting.Done.TrySetResult();
                return true;
            case BarrierState.Broken:
                waiting.Done.TrySetException(new StoreException("The database was restarted, restored or failed over while a revocation waited for the nodes: ask once more."));
                return true;
            default:
                return false;
        }
    }

    private async Task BuryAsync(NodeRow silent, string life)
    {
        try
        {
            await nodes.BuryAsync(silent, life);
        }
        catch (StoreException)
        {
            // The next time.
        }
    }

    private void Take()
    {
        lock (_adding)
        {
            _waiting.AddRange(_added);
            _added.Clear();
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}

using Touchstone.Protocol.Leases;
using Touchstone.Server.Leases;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// What waits, after a commit, until no node can decide without its rows any more (<see cref="RevocationBarrier"/>). Which nodes there are it knows from a look that came with the commit; that they have the rows
/// they say themselves. Where that gets lost it looks again, one look for all that wait; and now and then while nobody does: a node that died is found silent before somebody has to wait for it, and its row is taken away.
/// </summary>
internal sealed class PostgresBarrier(PostgresNodes nodes, PostgresLog log, Func<Guid> self, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Idle = LeaseTerms.Node.Duration / 4, Patience = TimeSpan.FromMilliseconds(20);

    private readonly Lock _adding = new();
    private readonly List<Waiting> _added = [];
    private readonly List<Waiting> _waiting = [];
    private readonly NodeWatch _watch = new(LeaseTerms.Node);
    private readonly PostgresHearing _hearing = new();
    private readonly Wakeup _wake = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;
    private long _looked;
    private int _count;

    private sealed record Waiting(RevocationBarrier Barrier, NodesSeen? Seen, TaskCompletionSource Done);

    internal void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Done when a row binds every node. Called after its commit has returned, or for a row that was there already.</summary>
    /// <param name="epoch">The epoch of the row.</param>
    /// <param name="seq">The row.</param>
    /// <param name="life">What the database said of itself within the transaction.</param>
    /// <param name="seen">The nodes in a snapshot that began after the commit; null where nobody looked yet.</param>
    /// <exception cref="StoreException">The database became another one meanwhile, and may have lost the row: 503, and whoever asked asks again.</exception>
    internal Task EnforceAsync(Guid epoch, long seq, string life, NodesSeen? seen = null)
    {
        var now = time.Read();
        var known = log.Life;
        // What stands in the table of nodes may be of an earlier life of the database: then only time counts.
        var isYoung = life != known.Database || now.AtLeastSince(known.Since) < LeaseTerms.Node.GoneAfter;
        var waiting = new Waiting(new RevocationBarrier(LeaseTerms.Node, epoch, seq, life, now, isYoung), seen, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_adding) _added.Add(waiting);
        Interlocked.Increment(ref _count);
        _wake.Set();
        return waiting.Done.Task;
    }

    /// <summary>A node says itself how far its memory is.</summary>
    internal void Acknowledged(NodeAcknowledgement? said)
    {
        if (said is not null) _hearing.Hear(said);
        Moved();
    }

    /// <summary>What was heard may say more now: this process has read further itself.</summary>
    internal void Moved()
    {
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
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _wake.WaitAsync(UntilNextLook, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            if (!Take() || UntilNextLook == TimeSpan.Zero) await LookAsync();
            Hear();
        }
        Take();
        foreach (var (_, _, done) in _waiting) done.TrySetException(new StoreException("The node stops before every other one was heard of."));
    }

    private TimeSpan UntilNextLook
    {
        get
        {
            var left = (_waiting.Count > 0 ? Patience : Idle) - time.GetElapsedTime(_looked);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    // Takes in who came to wait; whether each of them brought a look.
    private bool Take()
    {
        Waiting[] added;
        lock (_adding)
        {
            added = [.. _added];
            _added.Clear();
        }
        // A look a while ago may have been the last one: who comes first waits its time for the others' word.
        if (_waiting.Count == 0 && added.Length > 0) _looked = time.GetTimestamp();
        _waiting.AddRange(added);
        foreach (var waiting in added)
        {
            if (waiting.Seen is { } seen) Take(seen, [waiting]);
        }
        return added.All(waiting => waiting.Seen is not null);
    }

    private async Task LookAsync()
    {
        Waiting[] asking = [.. _waiting]; // Their commits were before the look begins.
        try
        {
            var seen = await nodes.LookAsync();
            Take(seen, asking);
            await BuryAsync(seen);
        }
        catch (StoreException)
        {
            // Without the database, time alone counts.
            EndWhere(asking, waiting => waiting.Barrier.IsOver(time.Read()) ? BarrierState.Met : BarrierState.Waiting);
        }
        _looked = time.GetTimestamp();
    }

    private void Take(NodesSeen seen, IReadOnlyList<Waiting> asking)
    {
        var now = time.Read();
        _watch.Look(seen.Nodes, seen.Life, now);
        // What this process has in memory binds it already.
        var rows = seen.Nodes.Select(node => node.Instance == self() ? node with { Epoch = log.Cursor.Epoch, Acknowledged = log.Cursor.Seq } : node).ToArray();
        EndWhere(asking, waiting => waiting.Barrier.Look(rows, seen.Life, _watch, now));
    }

    private void Hear()
    {
        if (_waiting.Count == 0) return;
        var now = time.Read();
        foreach (var (instance, cursor) in _hearing.All())
        {
            if (log.Knows(cursor)) EndWhere(_waiting, waiting => waiting.Barrier.Hear(instance, cursor, now));
        }
    }

    private void EndWhere(IReadOnlyList<Waiting> asking, Func<Waiting, BarrierState> state)
    {
        foreach (var waiting in asking)
        {
            switch (state(waiting))
            {
                case BarrierState.Waiting: break;
                case BarrierState.Met: waiting.Done.TrySetResult(); break;
                default: waiting.Done.TrySetException(new StoreException("The database was restarted, restored or failed over while a revocation waited for the nodes: ask once more.")); break;
            }
        }
        Interlocked.Add(ref _count, -_waiting.RemoveAll(waiting => waiting.Done.Task.IsCompleted));
    }

    // Takes the rows away of nodes that have left, or have been silent for longer than a lease.
    private async Task BuryAsync(NodesSeen seen)
    {
        var now = time.Read();
        foreach (var node in seen.Nodes)
        {
            if (node.Instance != self() && (node.HasLeft || _watch.IsSilent(node, now))) await nodes.BuryAsync(node, seen.Life);
        }
    }
}

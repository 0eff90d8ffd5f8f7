using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Leases;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// This process among those that share a database: its row in the table of nodes, its heartbeats, its reads of the log, and the lease that these give it (<see cref="NodeLease"/>).
/// One loop does all of it. A round: what is new comes into memory and is acknowledged; where it is time, a heartbeat; after that has returned the log is read once more, and the lease runs from before the heartbeat.
/// </summary>
internal sealed class PostgresNode(PostgresNodes nodes, PostgresLog log, PostgresEpoch epochs, Func<Task<IReadOnlyList<NodeRow>>> look, PostgresOptions options, ServerMetrics metrics, ILogger logger, TimeProvider time) : Freshness
{
    private static readonly TimeSpan Interval = LeaseTerms.Node.Duration / 4;

    private const int MaxSenders = 256; // Of more, some look by themselves.
    private const int MaxTold = 1024; // Of more, the log is read.

    private readonly NodeLease _lease = new(LeaseTerms.Node);
    private readonly Wakeup _wake = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _joining = new();
    private readonly HashSet<string> _senders = []; // Processes whose rows are not acknowledged yet.
    private readonly Queue<NoticedRows> _told = []; // Rows that others told of, in their order.
    private TaskCompletionSource? _next; // Who waits for the next read of the log.
    private Task _loop = Task.CompletedTask;
    private ClockReading _beaten;
    private LogCursor _acknowledged;
    private bool _mustRead = true, _isRegistered, _isFailing, _hasEnded;

    /// <summary>Random for each registration.</summary>
    internal Guid Instance { get; private set; }

    /// <summary>What people call this node.</summary>
    internal string Name => options.NodeName ?? Environment.MachineName;

    internal override bool IsHeld => !options.Strict && _lease.IsHeld(Now);

    internal override ClockReading? Since => _lease.IsHeld(Now) ? _lease.Since : null;

    internal override ClockReading Now => time.Read();

    /// <summary>Adds this process to the nodes. Before it reads anything that it will decide by.</summary>
    internal async Task RegisterAsync()
    {
        // Under another id each time: heartbeats count from the start again, and who remembers the old ones must not take the new ones for them.
        Instance = Guid.NewGuid();
        (_acknowledged, _isRegistered) = (default, false);
        await nodes.RegisterAsync(Name, Instance, time.GetUtcNow().ToUnixTimeSeconds());
        _isRegistered = true;
    }

    /// <summary>Begins its rounds. Only when memory holds what was loaded: what comes is put on top of it.</summary>
    internal void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Begins a round now: something was written that memory lacks.</summary>
    internal void Wake()
    {
        Volatile.Write(ref _mustRead, true);
        _wake.Set();
    }

    /// <summary>Begins a round now: another process has written, and waits to hear that memory has it.</summary>
    internal void Heard(PostgresNotice notice)
    {
        lock (_joining)
        {
            if (_senders.Count < MaxSenders) _senders.Add(notice.Sender);
            if (!log.Has(notice.Seq, notice.ClientChanges))
            {
                if (notice.Rows is { } rows && _told.Count < MaxTold) _told.Enqueue(rows);
                else Volatile.Write(ref _mustRead, true);
            }
        }
        _wake.Set();
    }

    /// <summary>Begins a round now: a commit of this node is in memory, and others may wait to hear that.</summary>
    internal void Acknowledge() => _wake.Set();

    internal override Task<IReadOnlyList<NodeRow>> NodesAsync() => look();

    internal override ValueTask ReadAsync()
    {
        TaskCompletionSource next;
        metrics.WaitedForLog();
        lock (_joining)
        {
            if (_hasEnded) throw new StoreException("The node is stopping.");
            next = _next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        Wake();
        return new ValueTask(WaitAsync(next.Task));
    }

    /// <summary>Ends the rounds and the lease, and takes the row away: nobody waits for this process any more. Requests have ended before.</summary>
    internal async Task LeaveAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _lease.End();
        lock (_joining) _hasEnded = true;
        Answer(TakeWaiting(), new StoreException("The node is stopping."));
        try
        {
            if (_isRegistered) await nodes.LeaveAsync(Instance);
        }
        catch (StoreException)
        {
            // The others find it silent.
        }
        _stopping.Dispose();
    }

    private static async Task WaitAsync(Task read)
    {
        try
        {
            await read.WithinAsync(LeaseTerms.Node.GoneAfter);
        }
        catch (TimeoutException)
        {
            throw new StoreException("The revocation log can't be read: the database did not answer in time.");
        }
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await RoundAsync();
                if (_isFailing) logger.LogReadAgain();
                _isFailing = false;
            }
            catch (Exception failed) when (failed is StoreException || PostgresFault.Is(failed))
            {
                // What is held runs on until its end, and no longer.
                _lease.Failed();
                if (!_isFailing) logger.LogUnread(failed.Message);
                _isFailing = true;
            }
            try
            {
                await _wake.WaitAsync(Interval, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                // Stopping.
            }
        }
    }

    private async Task RoundAsync()
    {
        if (!_isRegistered) await RegisterAsync();
        while (TryTakeTold() is { } told)
        {
            if (!await log.TakeAsync(told)) Volatile.Write(ref _mustRead, true);
        }
        if (Interlocked.Exchange(ref _mustRead, false) && !await ReadLogAsync()) return;
        var senders = TakeSenders();
        if (_acknowledged != log.Cursor || senders.Length > 0)
        {
            var known = log.Cursor;
            await nodes.AcknowledgeAsync(Instance, known, senders); // At once: somebody may be waiting for this node.
            _acknowledged = known;
        }
        // Whoever wakes it, heartbeats come at their own time.
        if (Now.AtMostSince(_beaten) < Interval) return;

        var (sent, cursor) = (Now, log.Cursor);
        _lease.Beat(sent);
        if (!await nodes.BeatAsync(Instance, cursor))
        {
            // It was silent for so long that another node took its row away.
            _lease.BeatReturned(foundRow: false);
            logger.RegisteredAnew(Name);
            await RegisterAsync();
            Wake();
            return;
        }
        (_beaten, _acknowledged) = (sent, cursor);
        _lease.BeatReturned(foundRow: true);
        _lease.Read();
        if (!await ReadLogAsync()) return;
        _lease.ReadApplied();
        if (_acknowledged != log.Cursor) Wake();
    }

    // One read for all that asked before it begins; false when another life of the log began with it.
    private async Task<bool> ReadLogAsync()
    {
        var waiting = TakeWaiting();
        try
        {
            var isSame = await log.CatchUpAsync();
            if (!isSame) await BeginEpochAsync();
            Answer(waiting, null);
            return isSame;
        }
        catch (Exception failed)
        {
            Answer(waiting, failed as StoreException ?? PostgresFault.Unreadable(failed));
            throw;
        }
    }

    private async Task BeginEpochAsync()
    {
        _lease.End();
        logger.EpochLost();
        var (epoch, kept) = await epochs.BeginAsync(Memory);
        _acknowledged = default;
        logger.EpochBegan(epoch, kept);
        Wake();
    }

    private TaskCompletionSource? TakeWaiting()
    {
        lock (_joining)
        {
            var waiting = _next;
            _next = null;
            return waiting;
        }
    }

    private NoticedRows? TryTakeTold()
    {
        lock (_joining) return _told.TryDequeue(out var told) ? told : null;
    }

    private string[] TakeSenders()
    {
        lock (_joining)
        {
            string[] taken = [.. _senders];
            _senders.Clear();
            return taken;
        }
    }

    private static void Answer(TaskCompletionSource? waiting, StoreException? failed)
    {
        if (failed is null) waiting?.TrySetResult();
        else waiting?.TrySetException(failed);
    }
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Leases;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Feed;

/// <summary>
/// Brings committed rows to those who wait for them: finds out whom they concern, puts them into the ring, wakes all at once. What comes within some milliseconds goes together, and the more there are to wake the
/// longer that is, so that a thousand followers and thousands of rows a second leave the machine to the introspections.
/// </summary>
internal sealed class FeedPump(FeedRing ring, FeedWaiters waiters, Followers followers, ITokenStore store, ILogger<FeedPump> logger, TimeProvider time) : IHostedService, IAsyncDisposable
{
    // To wake one follower, answer it and take its next poll takes some 50 µs of a core: half of one core is the most that is spent.
    private static readonly TimeSpan PerFollower = TimeSpan.FromMicroseconds(100), Shortest = TimeSpan.FromMilliseconds(5), Longest = TimeSpan.FromMilliseconds(250);

    private readonly Lock _publishing = new();
    private readonly Wakeup _signal = new();
    private readonly CancellationTokenSource _stopping = new();
    private List<RevocationRow> _rows = [];
    private ClockReading _came; // The first of these.
    private TaskCompletionSource _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Box _published = new(default);
    private LogCursor _taken;
    private bool _isAnew;
    private Task _loop = Task.CompletedTask;

    private sealed record Box(LogCursor Cursor);

    /// <summary>The newest row that is in memory, told or not. What is judged after reading this is judged against it.</summary>
    internal LogCursor Published => Volatile.Read(ref _published).Cursor;

    /// <summary>How long ago rows came that came then.</summary>
    internal TimeSpan AgeOf(ClockReading came) => time.Read().AtMostSince(came);

    /// <summary>Memory was filled up to here: at start, and where another life of the log begins.</summary>
    internal void Begin(LogCursor head)
    {
        lock (_publishing)
        {
            (_rows, _taken, _isAnew) = ([], head, true);
            Volatile.Write(ref _published, new Box(head));
            _signal.Set();
        }
    }

    /// <summary>Rows came into memory. Called in commit order, before anybody is told of the commit.</summary>
    internal void Publish(IReadOnlyList<RevocationRow> rows)
    {
        if (rows.Count == 0) return;
        lock (_publishing)
        {
            var head = new LogCursor(_published.Cursor.Epoch, rows[^1].Seq, rows[^1].Id);
            if (_rows.Count + rows.Count > FeedRing.MaxRows) (_rows, _taken, _isAnew) = ([], head, true); // Nobody keeps up: the floor rises.
            else
            {
                if (_rows.Count == 0) _came = time.Read();
                _rows.AddRange(rows);
            }
            Volatile.Write(ref _published, new Box(head));
            _signal.Set();
        }
    }

    /// <summary>What there is to tell, once it reaches a row that was published.</summary>
    internal async ValueTask<FeedRing.State> ReachAsync(LogCursor cursor, CancellationToken cancellationToken)
    {
        while (true)
        {
            var turn = Volatile.Read(ref _turn).Task;
            var state = ring.Now;
            // In another life of the log there is nothing to wait for.
            if (state.Head.Covers(cursor) || Published.Epoch != cursor.Epoch) return state;
            await turn.WaitAsync(cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    // It goes on until the requests under way have ended: they are answered with what it brings.
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The container knows it as a part and as a service, and disposes of both.
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await _loop;
    }

    private async Task RunAsync()
    {
        var stop = _stopping.Token;
        var last = 0L;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _signal.WaitAsync(Timeout.InfiniteTimeSpan, stop);
                // By the machine's clock: it is about load, and decides nothing.
                var left = last == 0 ? TimeSpan.Zero : Interval - TimeProvider.System.GetElapsedTime(last);
                if (left > TimeSpan.Zero) await Task.Delay(left, TimeProvider.System, stop);
                await TurnAsync();
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception bug)
            {
                logger.Unexpected("feed", "-", bug);
                lock (_publishing) (_rows, _taken, _isAnew) = ([], _published.Cursor, true);
            }
            last = TimeProvider.System.GetTimestamp();
        }
    }

    private TimeSpan Interval => TimeSpan.FromTicks(Math.Clamp(waiters.Count * PerFollower.Ticks, Shortest.Ticks, Longest.Ticks));

    private async Task TurnAsync()
    {
        var (rows, after, isAnew, came) = Take();
        // Without followers nothing is found out and nothing is kept.
        if (isAnew || !followers.Any) ring.Begin(rows.Count == 0 ? after : new LogCursor(after.Epoch, rows[^1].Seq, rows[^1].Id));
        else if (rows.Count > 0 && !ring.Add(await SegmentAsync(after, rows, came))) ring.Begin(new LogCursor(after.Epoch, rows[^1].Seq, rows[^1].Id));
        Interlocked.Exchange(ref _turn, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        waiters.WakeAll();
    }

    private (List<RevocationRow> Rows, LogCursor After, bool IsAnew, ClockReading Came) Take()
    {
        lock (_publishing)
        {
            var taken = (_rows, _taken, _isAnew, _came);
            (_rows, _taken, _isAnew) = ([], _published.Cursor, false);
            return taken;
        }
    }

    /// <summary>Rows as callers are told of them. Their tokens are looked up after the rows were committed: what is registered later is judged against them.</summary>
    internal async ValueTask<FeedSegment> SegmentAsync(LogCursor after, IReadOnlyList<RevocationRow> rows, ClockReading? came = null)
    {
        TokenOwners? owners = null;
        try
        {
            if (FeedSegment.HashesOf(rows) is { Count: > 0 } hashes) owners = await store.FindOwnersAsync(hashes, CancellationToken.None);
        }
        catch (StoreException)
        {
            // Then everybody is told.
        }
        return new FeedSegment(after, rows, owners, came);
    }
}

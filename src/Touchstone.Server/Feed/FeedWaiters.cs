using Microsoft.Extensions.Hosting;

namespace Touchstone.Server.Feed;

/// <summary>The polls that wait for news: no thread for any of them, one place that wakes all, a number of them at most. When the server begins to stop they are answered at once, so that their followers go elsewhere.</summary>
internal sealed class FeedWaiters : IDisposable
{
    // An answer holds a buffer of 4 KiB until it is sent, and what is woken together is sent after all of it was answered: 4,000 at once left the process 10 MiB larger for good.
    private const int Wave = 64;

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<bool>> _waiting = [];
    private readonly int _most;
    private readonly TimeProvider _time;
    private readonly CancellationTokenRegistration _stopping;
    private bool _isStopping;

    public FeedWaiters(ServerOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        (_most, _time) = (options.Feed.MaxWaiting, time);
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(static waiters => ((FeedWaiters)waiters!).Stop(), this);
    }

    /// <summary>How many wait.</summary>
    internal int Count
    {
        get
        {
            lock (_lock) return _waiting.Count;
        }
    }

    /// <summary>Waits until it is woken, the time is over, or the caller is gone; false, at once, when too many wait already.</summary>
    /// <param name="isDue">Whether there is nothing to wait for; asked when nothing can be missed any more.</param>
    /// <param name="wait">How long at most. It is up to an eighth less, by chance, so that polls that came together come again one by one.</param>
    /// <param name="aborted">Ends when the caller goes away.</param>
    internal async ValueTask<bool> WaitAsync(Func<bool> isDue, TimeSpan wait, CancellationToken aborted)
    {
        var started = _time.GetTimestamp();
        wait -= wait / 8 * Random.Shared.NextDouble();
        while (true)
        {
            var woken = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            LinkedListNode<TaskCompletionSource<bool>> node;
            lock (_lock)
            {
                if (_isStopping) return true;
                if (_waiting.Count >= _most) return false;
                node = _waiting.AddLast(woken);
            }
            try
            {
                var left = wait - _time.GetElapsedTime(started);
                if (isDue() || left <= TimeSpan.Zero) return true;
                await using var timer = _time.CreateTimer(static woken => ((TaskCompletionSource<bool>)woken!).TrySetResult(true), woken, left, Timeout.InfiniteTimeSpan);
                await using var gone = aborted.UnsafeRegister(static woken => ((TaskCompletionSource<bool>)woken!).TrySetResult(true), woken);
                // Woken by what it knows already, it goes on waiting.
                if (await woken.Task || isDue()) return true;
            }
            finally
            {
                lock (_lock) _waiting.Remove(node);
            }
        }
    }

    /// <summary>Wakes all that wait now: there may be news for them.</summary>
    internal void WakeAll() => WakeAll(isOver: false);

    public void Dispose() => _stopping.Dispose();

    private void Stop()
    {
        lock (_lock) _isStopping = true;
        WakeAll(isOver: true);
    }

    private void WakeAll(bool isOver)
    {
        TaskCompletionSource<bool>[] woken;
        lock (_lock) woken = [.. _waiting];
        Wake((woken, isOver));
    }

    // One wave, and the next once this one has had its turn.
    private static void Wake((ArraySegment<TaskCompletionSource<bool>> Woken, bool IsOver) left)
    {
        var wave = Math.Min(Wave, left.Woken.Count);
        foreach (var one in left.Woken[..wave]) one.TrySetResult(left.IsOver);
        if (wave < left.Woken.Count) ThreadPool.UnsafeQueueUserWorkItem(Wake, (left.Woken[wave..], left.IsOver), preferLocal: false);
    }
}

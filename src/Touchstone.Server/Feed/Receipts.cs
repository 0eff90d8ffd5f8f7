using Microsoft.Extensions.Hosting;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Leases;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Feed;

/// <summary>The receipts of the last revocations, as they fill. Bounded: of an older one, what is known now can still be told.</summary>
internal sealed class Receipts
{
    /// <summary>The most that are kept.</summary>
    internal const int MaxKept = 64;

    // Leases end by the clock; what other nodes know has to be looked up.
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(1), Shared = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly LinkedList<Receipt> _kept = [];
    private readonly Followers _followers;
    private readonly FollowerExchange _exchange;
    private readonly Freshness _freshness;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private int _count;

    public Receipts(Followers followers, FollowerExchange exchange, Freshness freshness, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        (_followers, _exchange, _freshness, _time, _stopping) = (followers, exchange, freshness, time, lifetime.ApplicationStopping);
        followers.Acknowledged = Acknowledge;
    }

    /// <summary>Opens the receipt of a row that binds every node by now.</summary>
    internal Receipt Open(LogCursor row, ClockReading begun)
    {
        var now = _time.Read();
        var receipt = new Receipt(row, begun, now, _time.GetUtcNow().ToUnixTimeSeconds(), _exchange.IsShared);
        lock (_lock)
        {
            _kept.AddLast(receipt);
            if (_kept.Count > MaxKept) _kept.RemoveFirst();
            Volatile.Write(ref _count, _kept.Count);
        }
        Fill(receipt, now);
        return receipt;
    }

    /// <summary>The receipt of a row that was written at some time, told from what is known now where it is not kept.</summary>
    internal Receipt Of(LogCursor row, long at)
    {
        lock (_lock)
        {
            for (var node = _kept.Last; node is not null; node = node.Previous)
            {
                if (node.Value.Row == row) return node.Value;
            }
        }
        var now = _time.Read();
        var age = TimeSpan.FromSeconds(Math.Max(0, _time.GetUtcNow().ToUnixTimeSeconds() - at - 1));
        var receipt = new Receipt(row, null, new ClockReading(now.Monotonic - age, now.Wall - age), at + 1, _exchange.IsShared);
        Fill(receipt, now);
        return receipt;
    }

    /// <summary>Waits until a receipt is complete, the server begins to stop, or not longer than this.</summary>
    internal async Task WaitAsync(Receipt receipt, TimeSpan wait, CancellationToken aborted)
    {
        var started = _time.GetTimestamp();
        await LookAsync(receipt);
        while (!receipt.Complete.IsCompleted && !_stopping.IsCancellationRequested && wait - _time.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
        {
            using var slept = CancellationTokenSource.CreateLinkedTokenSource(aborted, _stopping);
            // What lies in the database has its time.
            var sleeping = _exchange.IsShared ? Task.Delay(left < Shared ? left : Shared, TimeProvider.System, slept.Token) : Task.Delay(left < Alone ? left : Alone, _time, slept.Token);
            await Task.WhenAny(receipt.Complete, sleeping);
            await slept.CancelAsync();
            aborted.ThrowIfCancellationRequested();
            await LookAsync(receipt);
        }
    }

    /// <summary>Takes into a receipt what is known now, here and at other nodes.</summary>
    internal async Task LookAsync(Receipt receipt)
    {
        if (receipt.IsSettled) return;
        // Before the clock is asked: how long leases may last is known only with the followers of all nodes.
        if (_exchange.IsShared) await SeeAsync(receipt);
        receipt.Look(_followers.All, _time.Read());
    }

    private async Task SeeAsync(Receipt receipt)
    {
        try
        {
            // First the nodes: one that comes later knows the row from its start.
            var nodes = await _freshness.NodesAsync();
            receipt.See(nodes, await _exchange.LookAsync(), _time.Read());
        }
        catch (StoreException)
        {
            // Then only time completes it.
        }
    }

    // A follower that polls at this moment is found here or finds the receipt, or both.
    private void Fill(Receipt receipt, ClockReading now)
    {
        foreach (var follower in _followers.All)
        {
            if (!follower.State.IsLapsed(now)) receipt.Add(follower, now);
        }
    }

    private void Acknowledge(Follower follower, LogCursor cursor)
    {
        if (Volatile.Read(ref _count) == 0) return;
        Receipt[] open;
        lock (_lock) open = [.. _kept.Where(receipt => !receipt.Complete.IsCompleted)];
        if (open.Length == 0) return;
        var now = _time.Read();
        foreach (var receipt in open) receipt.Acknowledge(follower, cursor, now);
    }
}

using Touchstone.Protocol.Leases;
using Touchstone.Server.Leases;

namespace Touchstone.Server.Feed;

/// <summary>The receipts of the last revocations, as they fill. Bounded: of an older one, what is known now can still be told.</summary>
internal sealed class Receipts
{
    /// <summary>The most that are kept.</summary>
    internal const int MaxKept = 64;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<Receipt> _kept = [];
    private readonly Followers _followers;
    private readonly Freshness _freshness;
    private readonly TimeProvider _time;
    private int _count;

    public Receipts(Followers followers, Freshness freshness, TimeProvider time)
    {
        (_followers, _freshness, _time) = (followers, freshness, time);
        followers.Acknowledged = Acknowledge;
    }

    /// <summary>Opens the receipt of a row that binds every node by now.</summary>
    internal Receipt Open(LogCursor row, ClockReading begun, IReadOnlyList<ReceiptParty> nodes)
    {
        var now = _freshness.Now;
        var receipt = new Receipt(row, begun, now, _time.GetUtcNow().ToUnixTimeSeconds(), nodes);
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
    internal Receipt Of(LogCursor row, long at, IReadOnlyList<ReceiptParty> nodes)
    {
        lock (_lock)
        {
            for (var node = _kept.Last; node is not null; node = node.Previous)
            {
                if (node.Value.Row == row) return node.Value;
            }
        }
        var now = _freshness.Now;
        var age = TimeSpan.FromSeconds(Math.Max(0, _time.GetUtcNow().ToUnixTimeSeconds() - at - 1));
        var receipt = new Receipt(row, null, new ClockReading(now.Monotonic - age, now.Wall - age), at + 1, nodes);
        Fill(receipt, now);
        return receipt;
    }

    /// <summary>Waits until a receipt is complete, or not longer than this.</summary>
    internal async Task WaitAsync(Receipt receipt, TimeSpan wait, CancellationToken aborted)
    {
        var started = _time.GetTimestamp();
        while (!receipt.Complete.IsCompleted && wait - _time.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
        {
            using var slept = CancellationTokenSource.CreateLinkedTokenSource(aborted);
            await Task.WhenAny(receipt.Complete, Task.Delay(left < Look ? left : Look, _time, slept.Token));
            await slept.CancelAsync();
            aborted.ThrowIfCancellationRequested();
            receipt.Look(_freshness.Now);
        }
    }

    // A follower that polls at this moment is found here or finds the receipt, or both.
    private void Fill(Receipt receipt, ClockReading now)
    {
        foreach (var follower in _followers.All)
        {
            if (!follower.State.IsLapsed(now)) receipt.Add(follower, now);
        }
        receipt.Look(now);
    }

    private void Acknowledge(Follower follower, LogCursor cursor)
    {
        if (Volatile.Read(ref _count) == 0) return;
        Receipt[] open;
        lock (_lock) open = [.. _kept.Where(receipt => !receipt.Complete.IsCompleted)];
        if (open.Length == 0) return;
        var now = _freshness.Now;
        foreach (var receipt in open) receipt.Acknowledge(follower, cursor, now);
    }
}

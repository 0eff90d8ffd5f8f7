namespace Touchstone.Protocol.Leases;

/// <summary>
/// A server node's right to decide from memory. One round is: the heartbeat is sent, it commits and returns, <b>then</b> a read of the log begins, and when that has been taken into memory
/// the lease runs from before the heartbeat was sent.
/// </summary>
/// <remarks>
/// Why this order is safe: a revocation that the read missed committed after the read began, so after the heartbeat had committed. Whoever waits for the revocation reads the nodes after its commit,
/// finds this heartbeat (or a later one) there, and waits until it has stood still for longer than the lease, or until the node acknowledges the row.
/// Not safe for several threads: one loop runs the rounds; <see cref="IsHeld"/> may be asked by all.
/// </remarks>
public sealed class NodeLease(LeaseTerms terms)
{
    private enum Step { Idle, Beating, Beaten, Reading }

    private readonly LeaseTerms _terms = terms;
    private Step _step;
    private ClockReading _sent;
    private Start? _start; // An object: it is published in one write.

    private sealed record Start(ClockReading At);

    /// <summary>Whether what is decided now may be decided from memory. Asked after the last await of a request.</summary>
    public bool IsHeld(ClockReading now) => Remaining(now) > TimeSpan.Zero;

    /// <summary>How much of the lease is left, zero when there is none.</summary>
    public TimeSpan Remaining(ClockReading now)
    {
        if (Volatile.Read(ref _start) is not { } start) return TimeSpan.Zero;
        var left = _terms.HeldFor - now.AtMostSince(start.At);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Since when the lease runs; null when there is none. Followers take theirs from here.</summary>
    public ClockReading? Since => Volatile.Read(ref _start)?.At;

    /// <summary>A round begins: the heartbeat is about to be sent. Read the clock before sending it.</summary>
    public void Beat(ClockReading now)
    {
        _sent = now;
        _step = Step.Beating;
    }

    /// <summary>The heartbeat's commit returned. Where it found no row the node was taken for dead: it has no lease, and must register anew.</summary>
    public void BeatReturned(bool foundRow)
    {
        if (_step is not Step.Beating) throw new InvalidOperationException("No heartbeat is under way.");
        if (foundRow) _step = Step.Beaten;
        else End();
    }

    /// <summary>The read of the log is about to begin.</summary>
    public void Read()
    {
        if (_step is not Step.Beaten) throw new InvalidOperationException("The log is read after the heartbeat has returned.");
        _step = Step.Reading;
    }

    /// <summary>What the read saw is in memory: the lease runs, from when the heartbeat was sent.</summary>
    public void ReadApplied()
    {
        if (_step is not Step.Reading) throw new InvalidOperationException("No read of the log is under way.");
        _step = Step.Idle;
        Volatile.Write(ref _start, new Start(_sent));
    }

    /// <summary>A round failed: what was held runs on until its end, and no longer.</summary>
    public void Failed() => _step = Step.Idle;

    /// <summary>Gives the lease up at once: the node leaves, its row is gone, or another epoch began.</summary>
    public void End()
    {
        _step = Step.Idle;
        Volatile.Write(ref _start, null);
    }
}

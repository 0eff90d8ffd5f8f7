namespace Touchstone.Protocol.Leases;

/// <summary>
/// A follower's right to use what it holds: a cache outside the server that reads the feed. Only an answer that echoes the nonce of the poll under way renews it, so an answer that was recorded,
/// delayed or meant for another renews nothing.
/// </summary>
/// <remarks>
/// The lease runs from when the node's own lease began, in the follower's clock: the answer says by how much that was before or after the poll arrived (<c>offset</c>, mostly negative),
/// and the poll was sent before it arrived. Not safe for several threads, but <see cref="IsHeld"/> may be asked by all.
/// </remarks>
public sealed class FollowerLease(LeaseTerms terms)
{
    private readonly LeaseTerms _terms = terms;
    private ulong? _nonce;
    private ClockReading _sent;
    private Start? _start;

    private sealed record Start(ClockReading At);

    /// <summary>Whether what is held may be used. Asked after the last await of a check.</summary>
    /// <param name="now">The clocks.</param>
    /// <param name="grace">How long it goes on when the lease is over, as it told the server; none by default.</param>
    public bool IsHeld(ClockReading now, TimeSpan grace = default) => Volatile.Read(ref _start) is { } start && (grace == TimeSpan.MaxValue || now.AtMostSince(start.At) < _terms.HeldFor + grace);

    /// <summary>Whether an answer with this nonce would be the one to the poll under way.</summary>
    public bool Awaits(ulong nonce) => nonce == _nonce;

    /// <summary>A poll is about to be sent. Read the clock before sending it; the nonce is random.</summary>
    public void Poll(ulong nonce, ClockReading now)
    {
        _nonce = nonce;
        _sent = now;
    }

    /// <summary>An answer was taken into memory, its events included; says whether it renewed the lease.</summary>
    /// <param name="nonce">What the answer echoes.</param>
    /// <param name="offset">From the poll's arrival to the begin of the node's lease, by the node's clock.</param>
    public bool Answered(ulong nonce, TimeSpan offset)
    {
        if (nonce != _nonce) return false;
        _nonce = null; // Once.
        var at = new ClockReading(_sent.Monotonic + offset, _sent.Wall + offset);
        // A slower node may answer with an older lease than the one that is held.
        if (Volatile.Read(ref _start) is not { } start || at.Monotonic > start.At.Monotonic) Volatile.Write(ref _start, new Start(at));
        return true;
    }

    /// <summary>Gives it up at once: another epoch began, or an answer could not be understood.</summary>
    /// <param name="awaited">The poll whose answer says so, which may still give a new one; null where none may.</param>
    public void End(ulong? awaited = null)
    {
        if (awaited is null || awaited != _nonce) _nonce = null;
        Volatile.Write(ref _start, null);
    }
}

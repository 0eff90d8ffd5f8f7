using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Following;

/// <summary>
/// A cache outside the server as the protocol sees it: what it knows of the log, and for how long it may use what it holds. Without I/O; who drives it polls the feed, one poll at a time, and tells it what came.
/// The rules are those of docs/feed.md, which has them for other languages.
/// </summary>
/// <param name="terms">The lease.</param>
/// <param name="keep">The longest that an answer is held.</param>
/// <param name="most">The most rows that are remembered.</param>
/// <param name="judgesJwts">Whether it reads all rows, to judge JWTs that it never asked about, once it is given the means.</param>
public sealed class LogFollower(LeaseTerms terms, TimeSpan keep, int most, bool judgesJwts = false)
{
    private readonly FollowerLease _lease = new(terms);
    private readonly FollowerLog _log = new(keep, most, judgesJwts);

    /// <summary>What is known of the log. Taken before an answer is judged.</summary>
    public FollowerView View => _log.View;

    /// <summary>Whether what <see cref="View"/> allows may be used. Asked last, after the last await of a check.</summary>
    /// <param name="now">The clocks.</param>
    /// <param name="grace">How long it goes on when the lease is over; the server was told of it by the poll that gave the lease.</param>
    public bool IsHeld(ClockReading now, TimeSpan grace = default) => _lease.IsHeld(now, grace);

    /// <summary>A poll is about to be sent. Read the clocks before; the nonce is random.</summary>
    public void Poll(ulong nonce, ClockReading now) => _lease.Poll(nonce, now);

    /// <summary>An answer came. It counts once, and only as the answer to the poll under way; first what it says is taken, then the lease that it gives. Says whether it counted.</summary>
    /// <param name="nonce">What it echoes.</param>
    /// <param name="told">What it says.</param>
    /// <param name="offset">From the poll's arrival to the begin of the node's lease; null where it gives none (a page, with more behind it).</param>
    /// <param name="now">The clocks.</param>
    public bool Answered(ulong nonce, FeedTold told, TimeSpan? offset, ClockReading now)
    {
        if (!_lease.Awaits(nonce)) return false;
        if (told.IsGone || told.Head.Epoch != View.Head.Epoch) _lease.End(nonce);
        if (!_log.Take(told, now.Monotonic)) return false;
        if (View.Head == default)
        {
            _lease.End(); // It reads all rows anew, and knows nothing until the last of them.
            return true;
        }
        return offset is not { } from || _lease.Answered(nonce, from);
    }

    /// <summary>An answer could not be understood, or the caller is not known any more: nothing that is held may be used.</summary>
    public void Forget(ClockReading now)
    {
        _lease.End();
        _log.Forget(now.Monotonic);
    }
}

using Touchstone.Protocol.Introspection;

namespace Touchstone.Server.Detection;

/// <summary>What one caller did: counted at each introspection (two additions at most), judged by the clock. It outlives changes of the registration.</summary>
internal sealed class CallerActivity
{
    private long _asked, _inactive, _unknown, _followed, _blockedUntil;

    /// <summary>What it used to do, and whether that was left; only the detector touches these.</summary>
    internal CallerPast Past { get; } = new();

    internal void Count(InactiveReason reason, bool isFollowed = false)
    {
        if (isFollowed) Interlocked.Increment(ref _followed); // First, so that Plain is never too large.
        Interlocked.Increment(ref _asked);
        if (reason is InactiveReason.None) return;
        Interlocked.Increment(ref _inactive);
        if (reason is InactiveReason.Unknown or InactiveReason.Malformed) Interlocked.Increment(ref _unknown);
    }

    /// <summary>Introspections by who does not follow.</summary>
    internal long Plain => Interlocked.Read(ref _asked) - Interlocked.Read(ref _followed);

    /// <summary>All that was counted so far.</summary>
    internal CallerCounts Counts => new(Interlocked.Read(ref _asked), Interlocked.Read(ref _inactive), Interlocked.Read(ref _unknown));

    /// <summary>Refuses everything until this time stamp; 0 lifts it.</summary>
    internal void Block(long until) => Volatile.Write(ref _blockedUntil, until);

    internal bool IsBlocked(long now, out long until)
    {
        until = Volatile.Read(ref _blockedUntil);
        return now < until;
    }
}

/// <summary>Introspections of a caller, those answered inactive, and of these the ones about tokens that do not exist.</summary>
internal readonly record struct CallerCounts(long Asked, long Inactive, long Unknown)
{
    public static CallerCounts operator -(CallerCounts left, CallerCounts right) => new(left.Asked - right.Asked, left.Inactive - right.Inactive, left.Unknown - right.Unknown);
}

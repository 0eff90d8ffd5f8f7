namespace Touchstone.Protocol.Leases;

/// <summary>How long a lease runs, and by how much its holder ends it earlier and whoever waits for its end waits longer. The two margins cover clocks that differ in rate.</summary>
public sealed record LeaseTerms
{
    /// <summary>The largest difference in rate of two monotonic clocks that the protocol assumes: one per cent.</summary>
    public const double MaxDrift = 0.01;

    /// <summary>A server node's lease: 2 s, margin 200 ms.</summary>
    public static LeaseTerms Node { get; } = new(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(200));

    /// <summary>A follower's lease: 15 s, margin 500 ms.</summary>
    public static LeaseTerms Follower { get; } = new(TimeSpan.FromSeconds(15), TimeSpan.FromMilliseconds(500));

    /// <summary>Terms of a duration and a margin.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The margin does not cover the drift of two clocks over the duration, or leaves less than half of it.</exception>
    public LeaseTerms(TimeSpan duration, TimeSpan margin)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(margin, duration * MaxDrift);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(margin, duration / 2);
        Duration = duration;
        Margin = margin;
    }

    /// <summary>How long the lease runs.</summary>
    public TimeSpan Duration { get; }

    /// <summary>What its holder gives up at the end, and a waiter adds.</summary>
    public TimeSpan Margin { get; }

    /// <summary>How long its holder uses it.</summary>
    public TimeSpan HeldFor => Duration - Margin;

    /// <summary>After how long nobody can hold it any more, by the clock of whoever waits.</summary>
    public TimeSpan GoneAfter => Duration + Margin;
}

namespace Touchstone.Protocol.Leases;

/// <summary>
/// The two clocks of one process, read together. Readings of one process are compared with each other and with nothing else: no machine's clock is compared with another's.
/// </summary>
/// <param name="Monotonic">Time since some start; it never goes back, but may stand still while the machine is suspended.</param>
/// <param name="Wall">Time since 1970; it goes on while the machine is suspended, but may be set.</param>
public readonly record struct ClockReading(TimeSpan Monotonic, TimeSpan Wall)
{
    /// <summary>
    /// How long ago an earlier reading was, for who must not hold on too long: the larger of the two differences, so that neither a suspended machine nor a clock set back makes a lease longer.
    /// A wall clock set forward only ends it early.
    /// </summary>
    public TimeSpan AtMostSince(ClockReading earlier)
    {
        var monotonic = Monotonic - earlier.Monotonic;
        var wall = Wall - earlier.Wall;
        return monotonic > wall ? monotonic : wall;
    }

    /// <summary>
    /// How long ago an earlier reading was, for who waits until another's lease has ended: the monotonic difference alone. A wall clock set forward, or a suspended machine, makes no wait shorter.
    /// </summary>
    public TimeSpan AtLeastSince(ClockReading earlier) => Monotonic - earlier.Monotonic;
}

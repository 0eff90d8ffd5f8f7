using Touchstone.Protocol.Leases;

namespace Touchstone.Client;

/// <summary>The two clocks of this process, as the lease machines want them.</summary>
internal static class Clocks
{
    internal static ClockReading Read(this TimeProvider time) => new(time.GetElapsedTime(0, time.GetTimestamp()), TimeSpan.FromTicks(time.GetUtcNow().UtcTicks));

    /// <summary>Seconds since 1970.</summary>
    internal static long UnixSeconds(this ClockReading reading) => (reading.Wall.Ticks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
}

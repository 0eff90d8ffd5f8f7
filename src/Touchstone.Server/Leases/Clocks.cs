using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Leases;

/// <summary>The two clocks of this process, as the lease machines want them.</summary>
internal static class Clocks
{
    internal static ClockReading Read(this TimeProvider time) => new(time.GetElapsedTime(0, time.GetTimestamp()), TimeSpan.FromTicks(time.GetUtcNow().UtcTicks));
}

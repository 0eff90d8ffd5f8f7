using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Leases;

/// <summary>The one process that uses a file: every row goes through its memory, so its lease never lapses.</summary>
internal sealed class SoleProcess(TimeProvider time) : Freshness
{
    internal override bool IsHeld => true;

    internal override ClockReading? Since => Now;

    internal override ClockReading Now => time.Read();

    internal override Task<IReadOnlyList<NodeRow>> NodesAsync() => Task.FromResult<IReadOnlyList<NodeRow>>([]);

    internal override ValueTask ReadAsync() => ValueTask.CompletedTask;
}

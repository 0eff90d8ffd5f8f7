using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>True time, what is to happen, and chance: the same seed gives the same world.</summary>
internal sealed class World(int seed)
{
    private readonly PriorityQueue<Action, (TimeSpan, long)> _agenda = new();
    private long _order;

    internal Random Chance { get; } = new(seed);

    internal TimeSpan Now { get; private set; }

    internal void After(TimeSpan delay, Action action) => _agenda.Enqueue(action, (Now + delay, _order++));

    internal void Run(TimeSpan until)
    {
        while (_agenda.TryDequeue(out var action, out var when) && when.Item1 <= until)
        {
            Now = when.Item1;
            action();
        }
    }

    internal TimeSpan Between(double from, double to) => TimeSpan.FromMilliseconds(from + (Chance.NextDouble() * (to - from)));

    /// <summary>How long a message is under way: mostly some milliseconds, now and then very long.</summary>
    internal TimeSpan Latency() => Chance.NextDouble() < 0.9 ? Between(0.2, 8) : Between(8, 2500);

    internal bool Likely(double share) => Chance.NextDouble() < share;

    internal Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Chance.NextBytes(bytes);
        return new Guid(bytes);
    }
}

/// <summary>A machine's clocks: their rate is off by up to half of the stated bound to either side, the wall clock starts anywhere and is set now and then.</summary>
internal sealed class SimulatedClock
{
    private readonly World _world;
    private readonly double _rate;
    private TimeSpan _wall;

    internal SimulatedClock(World world)
    {
        _world = world;
        _rate = 1 + ((world.Chance.Next(3) - 1) * (LeaseTerms.MaxDrift / 2));
        _wall = world.Between(0, 1e9);
    }

    internal ClockReading Read() => new(_world.Now * _rate, (_world.Now * _rate) + _wall);

    internal void SetWall(TimeSpan by) => _wall += by;

    /// <summary>How long this clock needs to see so much time go by.</summary>
    internal TimeSpan TrueTime(TimeSpan own) => own / _rate;
}

namespace Touchstone.Testing.InProcess;

/// <summary>A clock that moves only by hand. Timers fire in the order they are due, each at its own time, before <see cref="Advance"/> returns; of one that is due more than a thousand times at once, the first and the last thousand.</summary>
public sealed class ManualTime : TimeProvider
{
    /// <summary>Where the clock begins, in seconds since 1970.</summary>
    public const long Start = 1_790_000_000;

    private const int MostFirings = 1000;

    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(Start);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>The time in seconds since 1970.</summary>
    public long Seconds => GetUtcNow().ToUnixTimeSeconds();

    /// <summary>How many timers wait that fire once.</summary>
    public int OneShots
    {
        get
        {
            lock (_lock) return _timers.Count(timer => !timer.Repeats);
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var end = GetUtcNow() + by;
        while (NextDue(end) is { } timer) timer.Fire();
        lock (_lock) _now = end > _now ? end : _now;
    }

    public void AdvanceSeconds(long seconds) => Advance(TimeSpan.FromSeconds(seconds));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    // Moves the clock to the next timer that is due up to the end, if there is one.
    private Timer? NextDue(DateTimeOffset end)
    {
        lock (_lock)
        {
            var next = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
            if (next is null) return null;
            _now = next.Due > _now ? next.Due : _now;
            next.Reschedule(end);
            return next;
        }
    }

    private sealed class Timer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        internal DateTimeOffset Due { get; private set; }

        internal bool Repeats => _period > TimeSpan.Zero;

        internal void Fire() => callback(state);

        internal void Reschedule(DateTimeOffset end)
        {
            if (_period <= TimeSpan.Zero)
            {
                time._timers.Remove(this);
                return;
            }
            Due += _period;
            var left = (end - Due).Ticks / _period.Ticks;
            if (left > MostFirings) Due += _period * (left - MostFirings);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                _period = period;
                Due = time._now + dueTime;
                if (dueTime >= TimeSpan.Zero) time._timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (time._lock) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

namespace Touchstone.Server.Limits;

/// <summary>A delay that grows with each failure: some are free, then 1 s, 2 s, 4 s and so on up to a bound. A quarter of an hour without failure, and all is forgotten.</summary>
internal struct Backoff
{
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(15);

    private int _failures;
    private long _last, _until;

    /// <summary>Counts a failure.</summary>
    internal void Fail(int free, TimeSpan most, long now, TimeProvider time)
    {
        if (IsForgotten(now, time)) _failures = 0;
        _last = now;
        _failures = Math.Min(_failures + 1, free + 32);
        if (_failures <= free || most == TimeSpan.Zero) return;
        var delay = Math.Min(Math.Pow(2, _failures - free - 1), most.TotalSeconds);
        _until = now + (long)(delay * time.TimestampFrequency);
    }

    /// <summary>How long it still lasts; zero when nothing has to be waited for.</summary>
    internal readonly TimeSpan Left(long now, TimeProvider time) => now < _until ? time.GetElapsedTime(now, _until) : TimeSpan.Zero;

    internal readonly bool IsForgotten(long now, TimeProvider time) => _failures == 0 || time.GetElapsedTime(_last, now) > Memory;
}

using System.Diagnostics;

namespace Touchstone.Benchmarks;

/// <summary>What a number of followers heard of the rows after the first one's head: each row by an event, or by a floor, or not at all.</summary>
internal sealed class FeedWatch(int followers) : IFeedWatch
{
    private readonly long[] _through = new long[followers];
    private readonly int[] _polls = new int[followers];
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (int Count, long At)> _seen = [];
    private long _events, _floored, _lost;

    /// <summary>Rows that came as events, over all followers.</summary>
    internal long Events => Volatile.Read(ref _events);

    /// <summary>Rows in whose place a floor came.</summary>
    internal long Floored => Volatile.Read(ref _floored);

    /// <summary>Rows that were passed over.</summary>
    internal long Lost => Volatile.Read(ref _lost);

    /// <summary>Whether each row is wanted with the moment in which the last one heard of it. That costs a lock for each.</summary>
    internal bool IsTimed { get; init; }

    /// <summary>The fewest answers that any follower had.</summary>
    internal int Polls => _polls.Min();

    public void Heard(int follower, long seq)
    {
        Pass(follower, seq - 1, ref _lost);
        Interlocked.Increment(ref _events);
        Volatile.Write(ref _through[follower], seq);
        if (IsTimed) See(seq);
    }

    public void Raised(int follower, long floor)
    {
        // The first one is where it begins.
        if (_polls[follower] > 0) Pass(follower, floor, ref _floored);
        Volatile.Write(ref _through[follower], floor);
    }

    public void Polled(int follower) => Interlocked.Increment(ref _polls[follower]);

    /// <summary>Whether all have come that far.</summary>
    internal bool HaveReached(long seq) => _through.All(through => through >= seq);

    /// <summary>When the last of all heard of a row; null as long as not all have.</summary>
    internal long? SeenByAll(long seq)
    {
        lock (_lock) return _seen.TryGetValue(seq, out var seen) && seen.Count == _through.Length ? seen.At : null;
    }

    private void Pass(int follower, long through, ref long count)
    {
        var passed = through - _through[follower];
        if (passed > 0) Interlocked.Add(ref count, passed);
    }

    private void See(long seq)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_lock) _seen[seq] = (_seen.GetValueOrDefault(seq).Count + 1, now);
    }
}

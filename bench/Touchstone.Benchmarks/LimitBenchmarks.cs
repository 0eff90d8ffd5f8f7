using System.Threading.RateLimiting;
using BenchmarkDotNet.Attributes;
using Touchstone.Server.Limits;

namespace Touchstone.Benchmarks;

/// <summary>What a request pays for the rate of its caller: the framework's token bucket, and ours. The bar is no allocation.</summary>
[MemoryDiagnoser]
public class LimitBenchmarks
{
    private readonly TokenBucket _ours = new(1_000_000, 10_000_000, TimeProvider.System);

    private readonly TokenBucketRateLimiter _framework = new(new TokenBucketRateLimiterOptions
    {
        AutoReplenishment = false, TokenLimit = int.MaxValue, TokensPerPeriod = 1_000_000, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0,
    });

    private long _now = TimeProvider.System.GetTimestamp();

    /// <summary>One compare-and-swap, with the time stamp that the request has anyway.</summary>
    [Benchmark(Baseline = true)]
    public bool Ours() => _ours.TryTake(1, _now += 1_000_000, out _);

    /// <summary>A lock.</summary>
    [Benchmark]
    public bool Framework()
    {
        using var lease = _framework.AttemptAcquire(1);
        return lease.IsAcquired;
    }

    /// <summary>A lock, the clock, and the lock again.</summary>
    [Benchmark]
    public bool FrameworkThatReplenishes()
    {
        _framework.TryReplenish();
        return Framework();
    }
}

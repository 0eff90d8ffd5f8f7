using System.Threading.RateLimiting;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Tests.Limits;

public sealed class TokenBucketTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void C07_It_gives_its_burst_at_once_and_then_its_rate()
    {
        using var bucket = new TokenBucket(rate: 10, burst: 3, _time);
        Take(bucket, 5).ShouldBe(3);
        _time.Advance(TimeSpan.FromMilliseconds(99));
        Take(bucket, 1).ShouldBe(0);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Take(bucket, 2).ShouldBe(1);
        _time.AdvanceSeconds(3600);
        Take(bucket, 5).ShouldBe(3);
    }

    [Theory]
    [InlineData(1, 1, 1, 1000), InlineData(10, 3, 1, 100), InlineData(10, 3, 2, 200), InlineData(3, 100, 100, 33334), InlineData(1_000_000, 1, 1, 1)]
    public void C07_It_tells_when_there_will_be_enough_and_then_there_is(int rate, int burst, int tokens, int milliseconds)
    {
        using var bucket = new TokenBucket(rate, burst, _time);
        Take(bucket, burst).ShouldBe(burst);
        bucket.TryTake(tokens, _time.GetTimestamp(), out var wait).ShouldBeFalse();
        wait.ShouldBeLessThanOrEqualTo(TimeSpan.FromMilliseconds(milliseconds));
        _time.Advance(wait - TimeSpan.FromTicks(1));
        bucket.TryTake(tokens, _time.GetTimestamp(), out _).ShouldBeFalse();
        _time.Advance(TimeSpan.FromTicks(1));
        bucket.TryTake(tokens, _time.GetTimestamp(), out _).ShouldBeTrue();
    }

    [Fact]
    public void More_than_it_holds_is_given_when_it_is_full_and_missing_afterwards()
    {
        using var bucket = new TokenBucket(rate: 10, burst: 5, _time);
        bucket.TryTake(20, _time.GetTimestamp(), out _).ShouldBeTrue();
        bucket.TryTake(1, _time.GetTimestamp(), out var wait).ShouldBeFalse();
        wait.ShouldBe(TimeSpan.FromSeconds(1.6));
        _time.Advance(wait);
        Take(bucket, 2).ShouldBe(1);
        bucket.TryTake(20, _time.GetTimestamp(), out wait).ShouldBeFalse();
        wait.ShouldBe(TimeSpan.FromSeconds(0.5));
    }

    [Fact]
    public void Many_threads_get_exactly_what_is_there()
    {
        using var bucket = new TokenBucket(rate: 1, burst: 1000, _time);
        var taken = 0;
        Parallel.For(0, 5000, _ =>
        {
            if (bucket.TryTake(1, _time.GetTimestamp(), out var _)) Interlocked.Increment(ref taken);
        });
        taken.ShouldBe(1000);
    }

    [Fact]
    public async Task It_is_a_limiter_of_the_framework()
    {
        using var bucket = new TokenBucket(rate: 2, burst: 2, _time);
        bucket.IdleDuration.ShouldNotBeNull();
        using (var lease = bucket.AttemptAcquire(2)) lease.IsAcquired.ShouldBeTrue();
        bucket.GetStatistics()!.CurrentAvailablePermits.ShouldBe(0);
        bucket.IdleDuration.ShouldBeNull();
        using var refused = await bucket.AcquireAsync(1, TestContext.Current.CancellationToken);
        refused.IsAcquired.ShouldBeFalse();
        refused.TryGetMetadata(MetadataName.RetryAfter, out var wait).ShouldBeTrue();
        wait.ShouldBe(TimeSpan.FromSeconds(0.5));
        _time.AdvanceSeconds(1);
        bucket.GetStatistics()!.CurrentAvailablePermits.ShouldBe(2);
    }

    [Fact]
    public void Taking_allocates_nothing()
    {
        using var bucket = new TokenBucket(rate: 1, burst: 100_000, _time);
        var now = _time.GetTimestamp();
        Take(bucket, 100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) bucket.TryTake(1, now, out _);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private int Take(TokenBucket bucket, int times) => Enumerable.Range(0, times).Count(_ => bucket.TryTake(1, _time.GetTimestamp(), out var _));
}

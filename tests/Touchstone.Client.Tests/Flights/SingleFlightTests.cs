using Touchstone.Client.Flights;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Tests.Flights;

public sealed class SingleFlightTests
{
    private readonly SingleFlight<int> _flights = new();
    private readonly TaskCompletionSource<int> _landing = new();
    private int _calls;

    [Fact]
    public async Task L26_Many_at_once_make_one_call()
    {
        var all = Enumerable.Range(0, 35).Select(_ => RunAsync(1)).ToArray();
        _landing.SetResult(17);
        (await Task.WhenAll(all)).ShouldAllBe(result => result == 17);
        _calls.ShouldBe(1);
        _flights.Joined.ShouldBe(34);
    }

    [Fact]
    public async Task Others_make_calls_of_their_own()
    {
        var both = new[] { RunAsync(1), RunAsync(2) };
        _landing.SetResult(17);
        await Task.WhenAll(both);
        _calls.ShouldBe(2);
    }

    [Fact]
    public async Task L25_A_failed_flight_is_forgotten()
    {
        var first = RunAsync(1);
        _landing.SetException(new InvalidOperationException());
        await Should.ThrowAsync<InvalidOperationException>(first);
        (await _flights.RunAsync(new Mac128(1, 1), static () => Task.FromResult(5), mayJoin: true, CancellationToken.None)).ShouldBe(5);
    }

    [Fact]
    public async Task L26_Who_joined_does_not_wait_for_what_the_one_does_that_began_the_call()
    {
        var reached = new TaskCompletionSource();
        using var stay = new ManualResetEventSlim();
        async Task StayAsync()
        {
            await RunAsync(1);
            reached.TrySetResult();
            stay.Wait();
        }

        var (slow, other) = (StayAsync(), RunAsync(1));
        var landing = Task.Run(() => _landing.SetResult(17));
        (await other).ShouldBe(17);
        await reached.Task;
        stay.Set();
        await slow;
        await landing;
    }

    [Fact]
    public async Task Those_that_may_not_join_what_began_before_share_the_next_call()
    {
        var next = new TaskCompletionSource<int>();
        Task<int> LaterAsync() => _flights.RunAsync(new Mac128(1, 1), () =>
        {
            Interlocked.Increment(ref _calls);
            return next.Task;
        }, mayJoin: false, CancellationToken.None);

        var first = RunAsync(1);
        var later = new[] { LaterAsync(), LaterAsync(), LaterAsync() };
        _calls.ShouldBe(1, "the next begins when this one ended");
        _landing.SetResult(17);
        (await first).ShouldBe(17);
        var joins = RunAsync(1);
        next.SetResult(18);
        (await Task.WhenAll(later)).ShouldAllBe(result => result == 18);
        (await joins).ShouldBe(18);
        _calls.ShouldBe(2);
        (await RunAsync(1)).ShouldBe(17, "all of it is forgotten");
        _calls.ShouldBe(3);
    }

    private Task<int> RunAsync(ulong key) => _flights.RunAsync(new Mac128(key, key), async () =>
    {
        Interlocked.Increment(ref _calls);
        return await _landing.Task;
    }, mayJoin: true, CancellationToken.None);
}

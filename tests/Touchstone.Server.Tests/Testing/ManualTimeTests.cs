namespace Touchstone.Server.Tests.Testing;

/// <summary>The clock of all other tests.</summary>
public sealed class ManualTimeTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void It_moves_only_by_hand()
    {
        var (now, stamp) = (_time.GetUtcNow(), _time.GetTimestamp());
        _time.GetUtcNow().ShouldBe(now);
        _time.Advance(TimeSpan.FromMilliseconds(1500));
        _time.GetUtcNow().ShouldBe(now.AddSeconds(1.5));
        _time.GetElapsedTime(stamp).ShouldBe(TimeSpan.FromSeconds(1.5));
        Should.Throw<ArgumentOutOfRangeException>(() => _time.AdvanceSeconds(-1));
    }

    [Fact]
    public void Timers_fire_in_order_each_at_its_own_time()
    {
        using var second = Timer("b", 20);
        using var first = Timer("a", 10);
        using var never = Timer("never", -1);
        _time.AdvanceSeconds(9);
        _fired.ShouldBeEmpty();
        _time.AdvanceSeconds(11);
        _fired.ShouldBe([$"a {ManualTime.Start + 10}", $"b {ManualTime.Start + 20}"]);
        _time.AdvanceSeconds(100);
        _fired.Count.ShouldBe(2);
    }

    [Fact]
    public void A_period_repeats_until_it_is_changed_or_ended()
    {
        var timer = Timer("p", 10, 10);
        _time.AdvanceSeconds(35);
        _fired.Count.ShouldBe(3);
        timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan).ShouldBeTrue();
        _time.AdvanceSeconds(100);
        _fired.Count.ShouldBe(4);
        timer.Change(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        timer.Dispose();
        _time.AdvanceSeconds(100);
        _fired.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Delays_and_cancellations_of_the_framework_follow_it()
    {
        var delay = Task.Delay(TimeSpan.FromSeconds(5), _time);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(5), _time);
        _time.AdvanceSeconds(4);
        (delay.IsCompleted, cancellation.IsCancellationRequested).ShouldBe((false, false));
        _time.AdvanceSeconds(1);
        await delay;
        cancellation.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public void A_timer_may_move_the_clock_itself()
    {
        using var outer = _time.CreateTimer(_ => _time.AdvanceSeconds(50), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        _time.AdvanceSeconds(10);
        _time.Seconds.ShouldBe(ManualTime.Start + 51);
    }

    private ITimer Timer(string name, int due, int period = -1) =>
        _time.CreateTimer(_ => _fired.Add($"{name} {_time.Seconds}"), null, Span(due), Span(period));

    private static TimeSpan Span(int seconds) => seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);
}

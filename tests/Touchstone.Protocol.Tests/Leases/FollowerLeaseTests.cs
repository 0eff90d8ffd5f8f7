using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases;

public sealed class FollowerLeaseTests
{
    private readonly FollowerLease _lease = new(LeaseTerms.Follower);

    private static ClockReading At(double seconds) => new(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(1_000_000 + seconds));

    [Fact]
    public void It_runs_from_the_begin_of_the_nodes_lease_and_ends_a_margin_early()
    {
        _lease.IsHeld(At(0)).ShouldBeFalse();
        _lease.Poll(1, At(10));
        _lease.Answered(1, TimeSpan.FromSeconds(-1)).ShouldBeTrue();
        _lease.IsHeld(At(23.4)).ShouldBeTrue();
        _lease.IsHeld(At(23.5)).ShouldBeFalse();
    }

    [Fact]
    public void Only_the_answer_to_the_poll_under_way_renews_it_and_only_once()
    {
        _lease.Answered(1, TimeSpan.Zero).ShouldBeFalse();
        _lease.Poll(1, At(10));
        _lease.Poll(2, At(20));
        _lease.Answered(1, TimeSpan.Zero).ShouldBeFalse("the poll before");
        _lease.IsHeld(At(20)).ShouldBeFalse();
        _lease.Answered(2, TimeSpan.Zero).ShouldBeTrue();
        _lease.Answered(2, TimeSpan.FromSeconds(5)).ShouldBeFalse("the same answer again");
        _lease.IsHeld(At(34.6)).ShouldBeFalse();
    }

    [Fact]
    public void A_slower_nodes_older_lease_takes_nothing_back()
    {
        _lease.Poll(1, At(10));
        _lease.Answered(1, TimeSpan.Zero);
        _lease.Poll(2, At(11));
        _lease.Answered(2, TimeSpan.FromSeconds(-1.9)).ShouldBeTrue();
        _lease.IsHeld(At(24.4)).ShouldBeTrue();
    }

    [Fact]
    public void It_can_be_given_up()
    {
        _lease.Poll(1, At(10));
        _lease.Answered(1, TimeSpan.Zero);
        _lease.Poll(2, At(11));
        _lease.End();
        _lease.IsHeld(At(11)).ShouldBeFalse();
        _lease.Answered(2, TimeSpan.Zero).ShouldBeFalse("of the time before it was given up");
    }
}

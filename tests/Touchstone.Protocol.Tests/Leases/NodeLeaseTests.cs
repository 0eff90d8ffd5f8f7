using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases;

public sealed class NodeLeaseTests
{
    private readonly NodeLease _lease = new(LeaseTerms.Node);

    private static ClockReading At(double seconds, double? wall = null) => new(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(1_000_000 + (wall ?? seconds)));

    private void Round(double sent)
    {
        _lease.Beat(At(sent));
        _lease.BeatReturned(foundRow: true);
        _lease.Read();
        _lease.ReadApplied();
    }

    [Fact]
    public void It_runs_from_when_the_heartbeat_was_sent_and_ends_a_margin_early()
    {
        _lease.IsHeld(At(0)).ShouldBeFalse();
        Round(sent: 10);
        _lease.Since.ShouldBe(At(10));
        _lease.IsHeld(At(11.79)).ShouldBeTrue();
        _lease.Remaining(At(11)).ShouldBe(TimeSpan.FromSeconds(0.8));
        _lease.IsHeld(At(11.8)).ShouldBeFalse();
        _lease.Remaining(At(20)).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void The_larger_of_the_two_clocks_counts()
    {
        Round(sent: 10);
        _lease.IsHeld(At(10.5, wall: 11.9)).ShouldBeFalse("a suspended machine: the monotonic clock stood still");
        _lease.IsHeld(At(11.9, wall: 3)).ShouldBeFalse("a wall clock that was set back");
        _lease.IsHeld(At(11, wall: 11)).ShouldBeTrue();
    }

    [Fact]
    public void A_heartbeat_that_finds_no_row_ends_it()
    {
        Round(sent: 10);
        _lease.Beat(At(10.5));
        _lease.BeatReturned(foundRow: false);
        _lease.IsHeld(At(10.6)).ShouldBeFalse();
        _lease.Since.ShouldBeNull();
    }

    [Fact]
    public void A_round_that_fails_neither_ends_nor_renews_it()
    {
        Round(sent: 10);
        _lease.Beat(At(11));
        _lease.Failed();
        _lease.IsHeld(At(11.7)).ShouldBeTrue();
        _lease.IsHeld(At(11.9)).ShouldBeFalse();
        Should.Throw<InvalidOperationException>(() => _lease.BeatReturned(foundRow: true));
    }

    [Fact]
    public void The_log_is_read_after_the_heartbeat_returned_and_the_lease_begins_after_the_read()
    {
        Should.Throw<InvalidOperationException>(_lease.Read);
        _lease.Beat(At(1));
        Should.Throw<InvalidOperationException>(_lease.Read);
        Should.Throw<InvalidOperationException>(_lease.ReadApplied);
        _lease.BeatReturned(foundRow: true);
        Should.Throw<InvalidOperationException>(_lease.ReadApplied);
        _lease.Read();
        _lease.IsHeld(At(1.1)).ShouldBeFalse();
        _lease.ReadApplied();
        _lease.IsHeld(At(1.1)).ShouldBeTrue();
    }

    [Fact]
    public void Terms_cover_the_drift_of_two_clocks()
    {
        LeaseTerms.Node.HeldFor.ShouldBe(TimeSpan.FromSeconds(1.8));
        LeaseTerms.Node.GoneAfter.ShouldBe(TimeSpan.FromSeconds(2.2));
        (LeaseTerms.Follower.HeldFor, LeaseTerms.Follower.GoneAfter).ShouldBe((TimeSpan.FromSeconds(14.5), TimeSpan.FromSeconds(15.5)));
        Should.Throw<ArgumentOutOfRangeException>(() => new LeaseTerms(TimeSpan.Zero, TimeSpan.Zero));
        Should.Throw<ArgumentOutOfRangeException>(() => new LeaseTerms(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(19)));
        Should.Throw<ArgumentOutOfRangeException>(() => new LeaseTerms(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1.1)));
        new LeaseTerms(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(20)).Duration.ShouldBe(TimeSpan.FromSeconds(2));
    }
}

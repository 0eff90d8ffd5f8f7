using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases;

public sealed class RevocationBarrierTests
{
    private static readonly Guid _epoch = Guid.NewGuid(), _one = Guid.NewGuid(), _two = Guid.NewGuid();

    private readonly NodeWatch _watch = new(LeaseTerms.Node);

    private static ClockReading At(double seconds) => new(TimeSpan.FromSeconds(seconds), default);

    private static RevocationBarrier Row17(bool fullWait = false) => new(LeaseTerms.Node, _epoch, 17, "db", At(100), fullWait);

    private static NodeRow Node(Guid instance, long beat, long acknowledged, Guid? epoch = null) => new(instance == _one ? "one" : "two", instance, beat, epoch ?? _epoch, acknowledged);

    private BarrierState Look(RevocationBarrier barrier, double at, params NodeRow[] nodes) => Look(barrier, at, "db", nodes);

    private BarrierState Look(RevocationBarrier barrier, double at, string database, params NodeRow[] nodes)
    {
        _watch.Look(nodes, database, At(at));
        return barrier.Look(nodes, database, _watch, At(at));
    }

    [Fact]
    public void It_is_met_when_every_node_has_acknowledged()
    {
        var barrier = Row17();
        barrier.Pending.ShouldBeEmpty();
        Look(barrier, 100.001, Node(_one, 5, 17), Node(_two, 9, 16)).ShouldBe(BarrierState.Waiting);
        barrier.Pending.ShouldBe(["two"]);
        Look(barrier, 100.002, Node(_one, 5, 17), Node(_two, 9, 18)).ShouldBe(BarrierState.Met);
    }

    [Fact]
    public void What_was_acknowledged_in_another_epoch_does_not_count()
    {
        var barrier = Row17();
        Look(barrier, 100.1, Node(_one, 5, 99, Guid.NewGuid())).ShouldBe(BarrierState.Waiting);
    }

    [Fact]
    public void It_is_met_when_the_nodes_of_the_first_look_say_that_they_have_the_row()
    {
        var barrier = Row17();
        barrier.Hear(_one, new LogCursor(_epoch, 17, Guid.NewGuid()), At(100.0005)).ShouldBe(BarrierState.Waiting); // Which nodes there are is not known yet.
        Look(barrier, 100.001, Node(_one, 5, 16), Node(_two, 9, 16)).ShouldBe(BarrierState.Waiting);
        barrier.Hear(_one, new LogCursor(_epoch, 18, Guid.NewGuid()), At(100.002)).ShouldBe(BarrierState.Waiting);
        barrier.Hear(_two, new LogCursor(_epoch, 16, Guid.NewGuid()), At(100.003)).ShouldBe(BarrierState.Waiting);
        barrier.Hear(_two, new LogCursor(Guid.NewGuid(), 17, Guid.NewGuid()), At(100.004)).ShouldBe(BarrierState.Waiting);
        barrier.Hear(_two, new LogCursor(_epoch, 17, Guid.NewGuid()), At(100.005)).ShouldBe(BarrierState.Met);
    }

    [Fact]
    public void What_a_node_says_does_not_count_where_only_time_does()
    {
        var barrier = Row17(fullWait: true);
        Look(barrier, 100.001, Node(_one, 5, 16)).ShouldBe(BarrierState.Waiting);
        barrier.Hear(_one, new LogCursor(_epoch, 17, Guid.NewGuid()), At(100.002)).ShouldBe(BarrierState.Waiting);
        barrier.Hear(_one, new LogCursor(_epoch, 17, Guid.NewGuid()), At(102.2)).ShouldBe(BarrierState.Met);
    }

    [Fact]
    public void A_node_that_left_or_registered_later_is_not_waited_for()
    {
        var barrier = Row17();
        Look(barrier, 100.1, Node(_one, 5, 16)).ShouldBe(BarrierState.Waiting);
        Look(barrier, 100.2, Node(_one, -1, 16), Node(_two, 0, 0)).ShouldBe(BarrierState.Met);
    }

    [Fact]
    public void A_node_whose_row_is_just_gone_is_waited_for_until_its_lease_must_have_ended()
    {
        var barrier = Row17();
        Look(barrier, 100.1, Node(_one, 5, 16)).ShouldBe(BarrierState.Waiting);
        Look(barrier, 101).ShouldBe(BarrierState.Waiting);
        Look(barrier, 102.2).ShouldBe(BarrierState.Met);
    }

    [Fact]
    public void A_silent_node_costs_one_lease_and_not_one_for_each_revocation()
    {
        _watch.Look([Node(_two, 9, 3)], "db", At(97.7));
        Look(Row17(), 100, Node(_two, 9, 3)).ShouldBe(BarrierState.Met);
        _watch.IsSilent(Node(_two, 10, 3), At(100)).ShouldBeFalse("it beats");
        _watch.IsSilent(Node(_one, 9, 3), At(100)).ShouldBeFalse("never seen");

        _watch.Look([Node(_two, 10, 3)], "db", At(101));
        _watch.IsSilent(Node(_two, 10, 3), At(103.19)).ShouldBeFalse();
        _watch.IsSilent(Node(_two, 10, 3), At(103.2)).ShouldBeTrue();
        _watch.Look([Node(_two, 10, 3)], "restored", At(104));
        _watch.IsSilent(Node(_two, 10, 3), At(104)).ShouldBeFalse("another life of the database");
    }

    [Fact]
    public void Time_alone_meets_it_at_the_latest()
    {
        var barrier = Row17();
        barrier.IsOver(At(102.19)).ShouldBeFalse();
        barrier.Left(At(102)).ShouldBe(TimeSpan.FromSeconds(0.2));
        barrier.IsOver(At(102.2)).ShouldBeTrue();
        barrier.Left(At(103)).ShouldBe(TimeSpan.Zero);
        Look(barrier, 102.2, Node(_one, 50, 16)).ShouldBe(BarrierState.Met);
    }

    [Fact]
    public void Right_after_a_restart_of_the_database_only_time_counts()
    {
        var barrier = Row17(fullWait: true);
        Look(barrier, 100.1, Node(_one, 5, 17)).ShouldBe(BarrierState.Waiting);
        Look(barrier, 102.2, Node(_one, 5, 17)).ShouldBe(BarrierState.Met);
    }

    [Fact]
    public void A_database_that_became_another_since_the_commit_breaks_it() =>
        Look(Row17(), 100.1, "restored", Node(_one, 5, 17)).ShouldBe(BarrierState.Broken);
}

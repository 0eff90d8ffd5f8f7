using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Following;

public sealed class FollowerLogTests
{
    private static readonly Guid Epoch = Guid.NewGuid();
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(10), Start = TimeSpan.FromHours(1);

    private readonly FollowerLog _log = new(Keep, most: 8);

    [Fact]
    public void Who_knows_nothing_may_use_nothing() => _log.View.Allows(Mark(asOf: long.MaxValue, 1)).ShouldBeFalse();

    [Fact]
    public void It_begins_where_the_first_answer_stands()
    {
        Take(head: 41);
        _log.View.Allows(Mark(41, 1)).ShouldBeTrue();
        _log.View.Allows(Mark(40, 1)).ShouldBeFalse();
        _log.View.Allows(Mark(41, 1) with { Epoch = Guid.NewGuid() }).ShouldBeFalse();
    }

    [Fact]
    public void A_row_ends_what_was_judged_before_it_and_has_its_tag()
    {
        Take(head: 41);
        Take(head: 42, new FeedEvent(42, 7));
        _log.View.Allows(Mark(41, 6, 7)).ShouldBeFalse();
        _log.View.Allows(Mark(42, 6, 7)).ShouldBeTrue();
        _log.View.Allows(Mark(41, 6, 8)).ShouldBeTrue();
    }

    [Fact]
    public void L30_An_answer_that_was_under_way_when_the_row_came_is_judged_when_it_is_used()
    {
        Take(head: 41);
        var underWay = Mark(41, 7);
        Take(head: 50, new FeedEvent(50, 7));
        Take(head: 60);
        _log.View.Allows(underWay).ShouldBeFalse();
    }

    [Fact]
    public void Of_rows_with_one_tag_the_newest_counts()
    {
        Take(head: 41);
        Take(head: 44, null, new FeedEvent(43, 7), new FeedEvent(44, 7), new FeedEvent(42, 7));
        _log.View.Allows(Mark(43, 7)).ShouldBeFalse();
    }

    [Fact]
    public void A_floor_ends_all_that_was_judged_against_less_and_never_falls()
    {
        Take(head: 41);
        Take(head: 60, floor: 60);
        Take(head: 61, floor: 50);
        _log.View.Floor.ShouldBe(60);
        _log.View.Allows(Mark(59, 1)).ShouldBeFalse();
        _log.View.Allows(Mark(60, 1)).ShouldBeTrue();
    }

    [Fact]
    public void An_answer_that_says_less_than_is_known_is_not_taken()
    {
        Take(head: 41);
        Take(head: 40, null, new FeedEvent(40, 1)).ShouldBeFalse();
        _log.View.Head.Seq.ShouldBe(41);
    }

    [Fact]
    public void Another_epoch_ends_everything()
    {
        Take(head: 41);
        var next = new LogCursor(Guid.NewGuid(), 3, Guid.NewGuid());
        _log.Take(new FeedTold(next, [], 3, IsGone: true), Start).ShouldBeTrue();
        _log.View.Allows(Mark(41, 1)).ShouldBeFalse();
        _log.View.Allows(new FollowedMark(next.Epoch, 3, [1])).ShouldBeTrue();
        _log.View.Allows(new FollowedMark(next.Epoch, 2, [1])).ShouldBeFalse();
    }

    [Fact]
    public void Gone_ends_everything_though_the_epoch_is_the_same()
    {
        Take(head: 41);
        _log.Take(new FeedTold(new LogCursor(Epoch, 20, Guid.NewGuid()), [], 20, IsGone: true), Start).ShouldBeTrue();
        (_log.View.Head.Seq, _log.View.Floor).ShouldBe((20, 20));
    }

    [Fact]
    public void What_is_forgotten_raises_the_floor_so_that_nothing_comes_back()
    {
        Take(head: 0, null);
        var ended = Mark(0, 1);
        for (var seq = 1; seq <= 20; seq++)
        {
            Take(head: seq, null, new FeedEvent(seq, (ulong)seq));
            _log.View.Allows(ended).ShouldBeFalse($"after {seq}");
        }
        // Of 8 that fit, at most 4 are in the newer half: the rest was forgotten.
        _log.View.Floor.ShouldBeInRange(9, 16);
    }

    [Fact]
    public void By_age_only_what_no_answer_can_have_been_judged_before_is_forgotten()
    {
        Take(head: 0, null);
        Take(Start + TimeSpan.FromMinutes(1), head: 1, new FeedEvent(1, 1));
        Take(Start + TimeSpan.FromMinutes(11), head: 2, new FeedEvent(2, 2));
        _log.View.Allows(Mark(1, 3)).ShouldBeTrue("it may be 10 minutes old");
        Take(Start + TimeSpan.FromMinutes(22), head: 3, new FeedEvent(3, 3));
        _log.View.Floor.ShouldBe(2);
    }

    [Fact]
    public void A_stamp_is_the_same_as_long_as_nothing_was_learned()
    {
        Take(head: 41);
        var stamp = _log.View.Stamp;
        Take(head: 41);
        _log.View.Stamp.ShouldBe(stamp);
        Take(head: 42);
        _log.View.Stamp.ShouldBeGreaterThan(stamp);
    }

    [Fact]
    public void Told_to_forget_it_may_use_nothing()
    {
        Take(head: 41);
        _log.Forget(Start);
        _log.View.Allows(Mark(long.MaxValue, 1)).ShouldBeFalse();
        _log.View.Allows(new FollowedMark(default, long.MaxValue - 1, [])).ShouldBeFalse();
    }

    private static FollowedMark Mark(long asOf, params ulong[] tags) => new(Epoch, asOf, tags);

    private bool Take(long head, long? floor = null, params FeedEvent[] events) => _log.Take(new FeedTold(At(head), events, floor, IsGone: false), Start);

    private bool Take(long head, FeedEvent events) => Take(head, null, events);

    private void Take(TimeSpan now, long head, params FeedEvent[] events) => _log.Take(new FeedTold(At(head), events, null, IsGone: false), now);

    private static LogCursor At(long seq) => seq == 0 ? LogCursor.Start(Epoch) : new LogCursor(Epoch, seq, new Guid((int)seq, 0, 0, new byte[8]));
}

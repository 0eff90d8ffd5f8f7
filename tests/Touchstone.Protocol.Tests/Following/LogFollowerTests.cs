using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Following;

public sealed class LogFollowerTests
{
    private static readonly Guid Epoch = Guid.NewGuid();

    private readonly LogFollower _follower = new(LeaseTerms.Follower, TimeSpan.FromMinutes(10), most: 1000);

    [Fact]
    public void An_answer_to_the_poll_under_way_is_taken_and_gives_the_lease()
    {
        _follower.Poll(17, At(100));
        _follower.Answered(17, Told(5), TimeSpan.FromSeconds(-1), At(101)).ShouldBeTrue();
        _follower.View.Head.Seq.ShouldBe(5);
        _follower.IsHeld(At(113.4)).ShouldBeTrue();
        _follower.IsHeld(At(113.5)).ShouldBeFalse("it began at 99 and runs 14.5 s");
    }

    [Fact]
    public void Nothing_is_taken_of_any_other_answer()
    {
        _follower.Poll(17, At(100));
        _follower.Answered(16, Told(5), TimeSpan.Zero, At(101)).ShouldBeFalse();
        _follower.View.Head.ShouldBe(default);
        _follower.Answered(17, Told(5), TimeSpan.Zero, At(101)).ShouldBeTrue();
        _follower.Answered(17, Told(6), TimeSpan.Zero, At(101)).ShouldBeFalse("it counts once");
        _follower.View.Head.Seq.ShouldBe(5);
    }

    [Fact]
    public void A_page_is_taken_but_gives_no_lease()
    {
        _follower.Poll(17, At(100));
        _follower.Answered(17, Told(5), null, At(101)).ShouldBeTrue();
        _follower.View.Head.Seq.ShouldBe(5);
        _follower.IsHeld(At(101)).ShouldBeFalse();
    }

    [Fact]
    public void Another_life_of_the_log_ends_the_lease_and_its_answer_may_give_a_new_one()
    {
        Renew(17, 100);
        var next = new LogCursor(Guid.NewGuid(), 3, Guid.NewGuid());
        _follower.Poll(18, At(105));
        _follower.Answered(18, new FeedTold(next, [], 3, IsGone: true), null, At(106));
        _follower.IsHeld(At(106)).ShouldBeFalse();
        _follower.Poll(19, At(106));
        _follower.Answered(19, new FeedTold(next, [], null, IsGone: false), TimeSpan.Zero, At(107)).ShouldBeTrue();
        _follower.IsHeld(At(107)).ShouldBeTrue();
    }

    [Fact]
    public void Who_is_not_known_any_more_may_use_nothing()
    {
        Renew(17, 100);
        _follower.Forget(At(101));
        _follower.IsHeld(At(101)).ShouldBeFalse();
        _follower.View.Allows(new FollowedMark(Epoch, 5, [1])).ShouldBeFalse();
    }

    private void Renew(ulong nonce, double at)
    {
        _follower.Poll(nonce, At(at));
        _follower.Answered(nonce, Told(5), TimeSpan.Zero, At(at)).ShouldBeTrue();
        _follower.IsHeld(At(at)).ShouldBeTrue();
    }

    private static FeedTold Told(long seq) => new(new LogCursor(Epoch, seq, Guid.NewGuid()), [], null, IsGone: false);

    private static ClockReading At(double seconds) => new(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(seconds));
}

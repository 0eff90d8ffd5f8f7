using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Protocol.Tests.Following;

/// <summary>JWTs that the server was not asked about, judged by the rows of the log.</summary>
public sealed class FollowedJwtTests
{
    private const long Then = 1_790_000_000;

    private static readonly Guid Epoch = Guid.NewGuid();
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);
    private static readonly JwtGrounds Key = new(TagKey.For(new byte[TagKey.Size], "rs-orders"), 3600), Another = new(TagKey.For(new byte[TagKey.Size], "rs-billing"), 3600);

    private readonly FollowerLog _log = new(TimeSpan.FromMinutes(10), most: 8, judgesJwts: true);

    [Fact]
    public void Who_knows_nothing_knows_no_JWT_to_be_good() => Standing(1).ShouldBe(JwtStanding.Unknown);

    [Fact]
    public void One_that_no_row_names_is_good()
    {
        Take(40, [new FeedEvent(17, 1), new FeedEvent(40, 2)]);
        Standing(3, 4).ShouldBe(JwtStanding.Good);
        Standing(3, 2).ShouldBe(JwtStanding.Ended);
    }

    [Fact]
    public void Without_the_key_of_the_tags_nothing_is_known()
    {
        Take(40, [], jwts: null);
        Standing(3).ShouldBe(JwtStanding.Unknown);
    }

    [Fact]
    public void A_row_ends_what_was_issued_until_its_second_and_one_without_a_second_ends_all()
    {
        Take(40, [new FeedEvent(39, 1, Then), new FeedEvent(40, 2)]);
        Issued(Then, 1).ShouldBe(JwtStanding.Ended);
        Issued(Then + 1, 1).ShouldBe(JwtStanding.Good);
        Issued(null, 1).ShouldBe(JwtStanding.Ended);
        Issued(Then + 1, 2).ShouldBe(JwtStanding.Ended);
        // Of rows with one tag each counts, and the newest need not reach furthest.
        Take(41, [new FeedEvent(41, 1, Then - 100)]);
        Issued(Then, 1).ShouldBe(JwtStanding.Ended);
    }

    [Fact]
    public void L08_One_that_says_when_it_was_born_is_ended_by_newer_rows_alone()
    {
        Take(40, [new FeedEvent(30, 1), new FeedEvent(30, 3, Then)]);
        Born(30, 3).ShouldBe(JwtStanding.Good);
        Born(29, 3).ShouldBe(JwtStanding.Ended);
        Born(30, 1).ShouldBe(JwtStanding.Ended, "what ends for ever ends what was born after it too");
        _log.View.Judge(new FollowedJwt([2], (Guid.NewGuid(), 35), null)).ShouldBe(JwtStanding.Unknown, "a birth in another life of the log says nothing");
        Born(41, 2).ShouldBe(JwtStanding.Unknown, "nor does one that is still to come");
        Born(41, 1).ShouldBe(JwtStanding.Ended, "but what ends for ever ends it");
    }

    [Fact]
    public void Below_the_floor_nothing_is_known_but_of_what_was_born_above_it()
    {
        Take(40, [], floor: 40, isFromStart: true);
        Standing(1).ShouldBe(JwtStanding.Unknown);
        Born(39, 1).ShouldBe(JwtStanding.Unknown);
        Born(40, 1).ShouldBe(JwtStanding.Good);
        Take(41, [new FeedEvent(41, 1)]);
        Born(40, 1).ShouldBe(JwtStanding.Ended);
    }

    [Fact]
    public void However_old_rows_are_they_stay_until_there_is_no_room()
    {
        Take(4, [new FeedEvent(4, 1)]);
        _log.Take(new FeedTold(At(5), [], null, IsGone: false, Key), Start + TimeSpan.FromDays(80));
        Standing(1).ShouldBe(JwtStanding.Ended);
        for (var seq = 6; seq <= 16; seq++) Take(seq, [new FeedEvent(seq, 100 + (ulong)seq)]);
        Standing(1).ShouldBe(JwtStanding.Unknown);
        Standing(2).ShouldBe(JwtStanding.Unknown);
        Standing(116).ShouldBe(JwtStanding.Ended, "what is known counts all the same");
        Born(16, 2).ShouldBe(JwtStanding.Good);
    }

    [Fact]
    public void In_another_life_of_the_log_it_reads_all_anew()
    {
        Take(40, [new FeedEvent(40, 1)]);
        var next = new LogCursor(Guid.NewGuid(), 3, Guid.NewGuid());
        _log.Take(new FeedTold(next, [], 3, IsGone: true, Key), Start).ShouldBeTrue();
        _log.View.Head.ShouldBe(default);
        Standing(2).ShouldBe(JwtStanding.Unknown);
        _log.Take(new FeedTold(next, [new FeedEvent(3, 2)], null, IsGone: false, Key, IsFromStart: true), Start).ShouldBeTrue();
        (Standing(1), Standing(2)).ShouldBe((JwtStanding.Good, JwtStanding.Ended));
    }

    [Fact]
    public void Under_another_key_it_reads_all_anew_for_the_tags_are_others()
    {
        Take(40, [new FeedEvent(40, 1)], jwts: null);
        Take(40, [], isFromStart: false);
        _log.View.Head.ShouldBe(default, "what came before the key did not name JWTs");
        Take(40, [new FeedEvent(40, 1)]);
        Standing(1).ShouldBe(JwtStanding.Ended);
        Take(41, [], Another, isFromStart: false);
        _log.View.Head.ShouldBe(default);
        Take(41, [new FeedEvent(41, 1)], Another);
        Standing(1).ShouldBe(JwtStanding.Ended);
        Take(42, [], jwts: null, isFromStart: false);
        _log.View.Head.ShouldBe(default, "without a key nothing tells any more of JWTs that are held");
    }

    [Fact]
    public void Until_the_last_page_there_is_no_lease_not_even_that_of_before()
    {
        var follower = new LogFollower(LeaseTerms.Follower, TimeSpan.FromMinutes(10), 1000, judgesJwts: true);
        Poll(1, new FeedTold(At(2), [new FeedEvent(1, 1)], null, IsGone: false, Key, IsFromStart: true), TimeSpan.Zero);
        follower.IsHeld(default).ShouldBeTrue();
        Poll(2, new FeedTold(At(2), [], null, IsGone: false, Another), TimeSpan.Zero);
        follower.IsHeld(default).ShouldBeFalse();
        Poll(3, new FeedTold(At(1), [new FeedEvent(1, 1)], null, IsGone: false, Another, IsFromStart: true), offset: null);
        follower.IsHeld(default).ShouldBeFalse();
        Poll(4, new FeedTold(At(2), [], null, IsGone: false, Another), TimeSpan.Zero);
        follower.IsHeld(default).ShouldBeTrue();

        void Poll(ulong nonce, FeedTold told, TimeSpan? offset)
        {
            follower.Poll(nonce, default);
            follower.Answered(nonce, told, offset, default).ShouldBeTrue();
        }
    }

    [Fact]
    public void A_key_is_read_as_it_was_written_and_makes_the_same_tags()
    {
        var key = Key.Key;
        TagKey.TryRead(key.Text, out var read).ShouldBeTrue();
        var selector = Selector.Jwt("https://as.acme.test", "j1");
        read.Of(selector).ShouldBe(key.Of(selector));
        FollowedTag.TryRead(key.Of(selector), out var tag).ShouldBeTrue();
        read.NumberOf(selector).ShouldBe(tag);
        Another.Key.Of(selector).ShouldNotBe(key.Of(selector));
        foreach (var wrong in (string[])["", "short", key.Text[..^1], key.Text + "A", key.Text[..^1] + "*", key.Text + "=="]) TagKey.TryRead(wrong, out _).ShouldBeFalse(wrong);
    }

    private JwtStanding Standing(params ulong[] tags) => _log.View.Judge(new FollowedJwt(tags, null, null));

    private JwtStanding Born(long seq, params ulong[] tags) => _log.View.Judge(new FollowedJwt(tags, (Epoch, seq), null));

    private JwtStanding Issued(long? at, params ulong[] tags) => _log.View.Judge(new FollowedJwt(tags, null, at));

    // The first answer is one from the start, unless it is said otherwise.
    private void Take(long head, FeedEvent[] events, long? floor = null, bool? isFromStart = null) => Take(head, events, Key, floor, isFromStart);

    private void Take(long head, FeedEvent[] events, JwtGrounds? jwts, long? floor = null, bool? isFromStart = null) =>
        _log.Take(new FeedTold(At(head), events, floor, IsGone: false, jwts, isFromStart ?? _log.View.Head == default), Start).ShouldBeTrue();

    private static LogCursor At(long seq) => new(Epoch, seq, new Guid((int)seq, 0, 0, new byte[8]));
}

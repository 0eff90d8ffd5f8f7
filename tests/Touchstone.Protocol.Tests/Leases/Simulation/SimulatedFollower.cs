using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>A cache outside the server. It asks any node about tokens, keeps what it is answered, and reads the feed of any node. It drives the follower of production; what is mutated is how it drives it.</summary>
internal sealed class SimulatedFollower
{
    internal static readonly LeaseTerms Terms = LeaseTerms.Follower;

    private readonly World _world;
    private readonly Ledger _ledger;
    private readonly Mutation _mutation;
    private readonly SimulatedClock _clock;

    // Few rows and a short time, so that it forgets, and raises its floor, as often as can be.
    private readonly LogFollower _follower;
    private readonly bool _judgesJwts;
    private readonly Dictionary<int, FollowedMark> _held = [];
    private static readonly JwtGrounds Grounds = new(TagKey.For(new byte[TagKey.Size], "follower"), 3600);
    private ulong _nonce;

    /// <summary>One that judges JWTs reads all rows from the first on, and asks about none; their names are their tags.</summary>
    internal SimulatedFollower(World world, Ledger ledger, Mutation mutation, bool judgesJwts = false)
    {
        (_world, _ledger, _mutation, _judgesJwts) = (world, ledger, mutation, judgesJwts);
        _follower = new(Terms, TimeSpan.FromSeconds(10), most: judgesJwts ? 4096 : 64, judgesJwts);
        _clock = new SimulatedClock(world);
        Poll();
    }

    internal void Check(int token)
    {
        if (_judgesJwts)
        {
            if (_follower.View.Judge(new FollowedJwt([(ulong)token], null, null)) is JwtStanding.Good && _follower.IsHeld(_clock.Read())) _ledger.UsedJwt(token);
            return;
        }
        if (_held.TryGetValue(token, out var mark) && _follower.View.Allows(mark))
        {
            if (_follower.IsHeld(_clock.Read())) _ledger.Used(token);
            return;
        }
        var (node, after) = (_ledger.AnyNode(), _follower.View.Head);
        _world.After(_world.Latency(), () => node.Tell(token, after, (epoch, asOf) => _world.After(_world.Latency(), () => Hold(token, epoch, asOf))));
    }

    private void Hold(int token, Guid epoch, long asOf) =>
        _held[token] = new FollowedMark(epoch, _mutation is Mutation.AsOfOfTheArrival ? _follower.View.Head.Seq : asOf, [(ulong)token]);

    private void Poll()
    {
        var nonce = (ulong)_world.Chance.NextInt64();
        _nonce = nonce;
        _follower.Poll(nonce, _clock.Read());
        var (node, after) = (_ledger.AnyNode(), _follower.View.Head);
        // Whatever becomes of it, another poll follows; an answer may be very late, or come twice.
        _world.After(_world.Between(50, 6000), Poll);
        _world.After(_world.Latency(), () => node.Do(() =>
        {
            var arrived = node.Clock.Read();
            _world.After(_world.Likely(0.5) ? TimeSpan.Zero : _world.Between(0, 5000), () => node.Do(() => Answer(node, arrived, nonce, after)));
        }));
    }

    private void Answer(SimulatedNode node, ClockReading arrived, ulong nonce, LogCursor after)
    {
        if (!node.Lease.IsHeld(node.Clock.Read()) || node.Lease.Since is not { } since) return; // 503.
        if (after.Epoch == node.Cursor.Epoch && !node.Cursor.Covers(after)) return; // A node behind the follower.
        var offset = since.Monotonic - arrived.Monotonic;
        var (head, isGone) = (node.Cursor, after.Epoch != node.Cursor.Epoch);
        var isFirst = _judgesJwts && after == default;
        var isMuch = !_judgesJwts && _world.Likely(0.1); // A floor in place of events.
        FeedEvent[] events = [.. node.Memory.Where(row => row.Value > after.Seq).OrderBy(row => row.Value).Select(row => new FeedEvent(row.Value, (ulong)row.Key))];
        var told = new FeedTold(head, events, null, IsGone: false, Grounds, isFirst);
        if (isMuch || (isGone && !isFirst)) told = told with { Events = [], Floor = head.Seq, IsGone = isGone };
        // A page, which gives no lease: there is more behind it.
        var isPage = _judgesJwts && !told.IsGone && events.Length > 1 && _world.Likely(0.3);
        if (isPage)
        {
            var most = _world.Chance.Next(1, events.Length);
            told = told with { Events = events[..most], Head = new LogCursor(head.Epoch, events[most - 1].Seq, Guid.Empty) };
        }
        TimeSpan? lease = isPage && _mutation is not Mutation.LeaseFromAPage ? null : offset;
        _world.After(_world.Latency(), Deliver);
        if (_world.Likely(0.2)) _world.After(_world.Between(0, 25_000), Deliver);

        void Deliver()
        {
            var echoed = _mutation is Mutation.NoNonce ? _nonce : nonce;
            var isLate = _mutation is Mutation.FollowerDeadlineFromTheReply && echoed == _nonce;
            if (isLate) _follower.Poll(echoed, _clock.Read());
            _follower.Answered(echoed, told, isLate ? TimeSpan.Zero : lease, _clock.Read());
        }
    }
}

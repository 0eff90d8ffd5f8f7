using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>A cache outside the server. It holds every token as active, and reads the feed of any node.</summary>
internal sealed class SimulatedFollower
{
    internal static readonly LeaseTerms Terms = LeaseTerms.Follower;

    private readonly World _world;
    private readonly Ledger _ledger;
    private readonly Mutation _mutation;
    private readonly SimulatedClock _clock;
    private readonly FollowerLease _lease = new(Terms);
    private readonly HashSet<int> _revoked = [];
    private LogCursor _cursor;
    private ulong _nonce;

    internal SimulatedFollower(World world, Ledger ledger, Mutation mutation)
    {
        (_world, _ledger, _mutation) = (world, ledger, mutation);
        _clock = new SimulatedClock(world);
        Poll();
    }

    internal void Check(int token)
    {
        if (!_revoked.Contains(token) && _lease.IsHeld(_clock.Read())) _ledger.Used(token);
    }

    private void Poll()
    {
        var nonce = (ulong)_world.Chance.NextInt64();
        _nonce = nonce;
        _lease.Poll(nonce, _clock.Read());
        var (node, after) = (_ledger.AnyNode(), _cursor);
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
        var (head, events) = (node.Cursor, node.Memory.Where(row => after.Epoch != node.Cursor.Epoch || row.Value > after.Seq).Select(row => row.Key).ToArray());
        _world.After(_world.Latency(), Deliver);
        if (_world.Likely(0.2)) _world.After(_world.Between(0, 25_000), Deliver);

        void Deliver()
        {
            var echoed = _mutation is Mutation.NoNonce ? _nonce : nonce;
            if (echoed != _nonce) return;
            if (_cursor.Epoch != head.Epoch) _lease.End();
            _revoked.UnionWith(events);
            _cursor = head;
            var isLate = _mutation is Mutation.FollowerDeadlineFromTheReply;
            if (isLate) _lease.Poll(echoed, _clock.Read());
            _lease.Answered(echoed, isLate ? TimeSpan.Zero : offset);
        }
    }
}

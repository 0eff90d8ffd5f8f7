using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>Its revocations: written, told to the others, and waited for until no node can say active any more.</summary>
internal sealed partial class SimulatedNode
{
    internal void Revoke(int token) => Do(() =>
    {
        if (_mutation is Mutation.LookBeforeTheCommit) Ask(() => _database.Nodes(), early => Revoke(token, early));
        else Revoke(token, early: null);
    });

    private void Revoke(int token, IReadOnlyList<NodeRow>? early)
    {
        var isNew = false;
        Ask(
            () =>
            {
                isNew = !_database.IsRevoked(token);
                if (!isNew) return (_database.Head, _database.Identity, _database.Nodes()); // At or behind its row: as good to wait for.
                var before = _database.Head;
                var row = _database.Append(token);
                _ledger.Committed(token);
                foreach (var other in _ledger.Nodes.Where(node => node != this && _world.Likely(0.8)).ToArray()) _world.After(_world.Latency(), () => other.Told(this, before, row));
                return (_database.Head, _database.Identity, early ?? _database.Nodes());
            },
            written =>
            {
                if (!isNew && _mutation is Mutation.RepeatedSkipsBarrier)
                {
                    _ledger.Acknowledged(token);
                    return;
                }
                _ledger.Wake();
                var (row, identity, nodes) = written;
                var now = WaitersClock();
                var isYoung = identity != _identity || Clock.Read().AtLeastSince(_identitySince) < _waitTerms.GoneAfter;
                var barrier = new RevocationBarrier(_waitTerms, row.Epoch, row.Seq, identity, now, fullWait: isYoung && _mutation is not Mutation.NoFullWaitAfterRestore);
                _waiting.Add((barrier, token));
                Look(barrier, nodes, identity);
                Wait(barrier);
            });
    }

    private void Wait(RevocationBarrier barrier)
    {
        if (_waiting.Exists(waiting => waiting.Barrier == barrier)) _world.After(_world.Between(1, 200), () => Do(() => Ask(() => (Nodes: _database.Nodes(), _database.Identity), look =>
        {
            Look(barrier, look.Nodes, look.Identity);
            foreach (var node in look.Nodes)
            {
                if (_watch.IsSilent(node, WaitersClock()) && _world.Likely(0.1)) _world.After(_world.Latency(), () => _database.Bury(node, look.Identity));
            }
            Wait(barrier);
        })));
    }

    private void Look(RevocationBarrier barrier, IReadOnlyList<NodeRow> nodes, string identity)
    {
        var now = WaitersClock();
        _watch.Look(nodes, identity, now);
        Judge(waiting => waiting == barrier ? waiting.Look(nodes, identity, _watch, now) : BarrierState.Waiting);
        foreach (var (instance, cursor) in _heard.ToArray()) Heard(instance, cursor);
    }

    private void Judge(Func<RevocationBarrier, BarrierState> state)
    {
        foreach (var waiting in _waiting.ToArray())
        {
            var reached = state(waiting.Barrier);
            if (reached is BarrierState.Met) _ledger.Acknowledged(waiting.Token);
            if (reached is not BarrierState.Waiting) _waiting.Remove(waiting); // Broken: 503, and the operator revokes once more.
        }
    }

    // A node says how far its memory is.
    private void Heard(Guid instance, LogCursor cursor)
    {
        _heard[instance] = cursor;
        if (_recent.Has(cursor)) Judge(barrier => barrier.Hear(instance, cursor, WaitersClock()));
    }

    // Another node tells of its row. It is taken into memory where it comes right after what is there; who is in a round reads it.
    private void Told(SimulatedNode sender, LogCursor before, SimulatedDatabase.Row row) => Do(() =>
    {
        if (_isInRound || (_cursor != before && _mutation is not Mutation.RowsOutOfPlace)) return;
        _memory[row.Token] = row.Seq;
        Move(new LogCursor(before.Epoch, row.Seq, row.Id));
        var (instance, acknowledged) = (_instance, _cursor);
        _world.After(_world.Latency(), () => _database.Acknowledge(instance, acknowledged.Epoch, acknowledged.Seq));
        if (_world.Likely(0.8)) _world.After(_world.Latency(), () => sender.Do(() => sender.Heard(instance, acknowledged)));
    });
}

using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>Nodes that share a database: what is answered by one binds all, and a node that is gone holds nobody up for longer than its lease.</summary>
public sealed class NodeTests : IAsyncLifetime
{
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    private readonly List<List<RevocationRow>> _seen = [];
    private readonly List<PostgresTokenStore> _nodes = [];
    private PostgresStores _stores = null!;

    public async ValueTask InitializeAsync()
    {
        _stores = await PostgresStores.CreateAsync();
        for (var i = 0; i < 3; i++) await AddNodeAsync($"node-{i}");
        // Whether somebody used the database in an earlier life is known only to who made it.
        await Until.TrueAsync(() => _nodes.All(node => node.Node.IsHeld), "every node has its lease");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Fact]
    public async Task A_revocation_is_answered_when_every_node_has_its_row_in_memory()
    {
        for (var i = 0; i < 30; i++)
        {
            var row = await _nodes[0].AppendAsync(Records.Row(Selector.Grant($"g-{i}")));
            foreach (var seen in _seen) lock (seen) seen.ShouldContain(row);
        }
    }

    [Fact]
    public async Task Clients_are_known_to_every_node_when_they_are_added()
    {
        await _nodes[2].AddClientAsync(Records.Client("c-1"));
        foreach (var seen in _seen) lock (seen) seen.ShouldContain(row => row.Selector == Selector.Registration("c-1"));
    }

    [Fact]
    public async Task A_node_that_leaves_is_waited_for_no_more()
    {
        await _nodes[2].DisposeAsync();
        _nodes.RemoveAt(2);
        await Until.TrueAsync(async () => (long)(await _stores.ScalarAsync("SELECT count(*) FROM nodes"))! == 2, "the others took its row away");
        var started = TimeProvider.System.GetTimestamp();
        await _nodes[0].AppendAsync(Records.Row(Selector.Grant("g")));
        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(Slack);
    }

    [Fact]
    public async Task A_node_that_died_is_waited_for_until_its_lease_has_ended_and_then_its_row_is_taken_away()
    {
        // As a process leaves it that was killed: a heartbeat of now, and no other after it.
        await _stores.ExecuteAsync("INSERT INTO nodes (instance, name, beat, epoch, acknowledged, started_at) VALUES (gen_random_uuid(), 'dead', 7, '00000000-0000-0000-0000-000000000000', 0, 0)");
        var started = TimeProvider.System.GetTimestamp();
        await _nodes[0].AppendAsync(Records.Row(Selector.Grant("g")));
        TimeProvider.System.GetElapsedTime(started).ShouldBeInRange(LeaseTerms.Node.GoneAfter - TimeSpan.FromSeconds(1), LeaseTerms.Node.GoneAfter + Slack);
        await Until.TrueAsync(async () => (long)(await _stores.ScalarAsync("SELECT count(*) FROM nodes"))! == 3, "the row of the dead node is gone");
    }

    [Fact]
    public async Task A_node_whose_row_is_gone_has_no_lease_until_it_has_registered_anew_under_another_id()
    {
        var before = _nodes[1].Node.Instance;
        await _stores.ExecuteAsync($"DELETE FROM nodes WHERE instance = '{before}'");
        await Until.TrueAsync(() => _nodes[1].Node.Instance != before && _nodes[1].Node.IsHeld, "it has registered anew");
        (await _stores.ScalarAsync($"SELECT count(*) FROM nodes WHERE instance = '{_nodes[1].Node.Instance}'")).ShouldBe(1L);
    }

    [Fact]
    public async Task A_row_that_another_process_put_in_between_is_found_and_nothing_is_recorded_twice()
    {
        await _nodes[0].AppendAsync(Records.Row(Selector.Grant("first")));
        for (var i = 0; i < 5; i++)
        {
            var before = (Seq: (long)(await _stores.ScalarAsync("SELECT seq FROM head"))!, Audit: (long)(await _stores.ScalarAsync("SELECT count(*) FROM audit"))!);
            // Nobody is told of it: who appends now takes the wrong place for the newest.
            await _stores.ExecuteAsync($"UPDATE head SET seq = seq + 1; INSERT INTO revocations (seq, id, at, kind, name, forget_after, actor) SELECT seq, gen_random_uuid(), 0, {(int)SelectorKind.Grant}, 'between-{i}', 9999999999, 'other' FROM head");
            var row = await _nodes[0].AppendAsync(Records.Row(Selector.Grant($"mine-{i}")));
            row.Seq.ShouldBe(before.Seq + 2);
            (await _stores.ScalarAsync("SELECT count(*) FROM audit")).ShouldBe(before.Audit + 1);
            foreach (var seen in _seen)
            {
                lock (seen) seen.Select(each => each.Selector.Id).Where(id => id!.EndsWith($"-{i}", StringComparison.Ordinal)).ShouldBe([$"between-{i}", $"mine-{i}"]);
            }
        }
    }

    [Fact]
    public async Task A_notification_that_is_sent_again_or_made_up_changes_nothing()
    {
        var heard = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var listening = new Npgsql.NpgsqlConnection(_stores.Connection);
        await listening.OpenAsync();
        listening.Notification += (_, notification) => heard.Enqueue(notification.Payload);
        await using (var listen = new Npgsql.NpgsqlCommand("LISTEN touchstone_log", listening)) await listen.ExecuteNonQueryAsync();
        var first = await _nodes[0].AppendAsync(Records.Row(Selector.Grant("first")));
        while (heard.IsEmpty) await listening.WaitAsync(TestContext.Current.CancellationToken);
        heard.TryPeek(out var payload).ShouldBeTrue();
        payload.ShouldNotContain("first");
        foreach (var each in (string[])[payload, payload, payload[..^8] + "AAAAAAA=", $"{Guid.NewGuid():N}.{first.Seq + 1}.0.AAAA", "x"]) await _stores.ExecuteAsync($"SELECT pg_notify('touchstone_log', '{each}')");
        var second = await _nodes[1].AppendAsync(Records.Row(Selector.Grant("second")));
        foreach (var seen in _seen)
        {
            lock (seen) seen.ShouldBe([first, second]);
        }
        _nodes.ShouldAllBe(node => node.Node.IsHeld);
    }

    [Fact]
    public async Task Nodes_that_can_not_read_each_others_notifications_find_it_all_in_the_database()
    {
        // As beside a version that does not seal them: each has a key that the others don't know.
        await _stores.ExecuteAsync("DELETE FROM settings WHERE name = 'notices_secret'");
        await AddNodeAsync("other");
        await Until.TrueAsync(() => _nodes[^1].Node.IsHeld, "it has its lease");
        // The one that made the database: others can't know whether it had an earlier life, and wait a whole lease at first.
        for (var i = 0; i < 5; i++)
        {
            var started = TimeProvider.System.GetTimestamp();
            var row = await _nodes[0].AppendAsync(Records.Row(Selector.Grant($"g-{i}")));
            TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(LeaseTerms.Node.GoneAfter);
            foreach (var seen in _seen)
            {
                lock (seen) seen.ShouldContain(row);
            }
        }
    }

    [Fact]
    public async Task A_row_of_a_kind_that_is_not_known_ends_the_lease_and_every_read()
    {
        await _stores.ExecuteAsync(
            "UPDATE head SET seq = seq + 1; INSERT INTO revocations (seq, id, at, kind, name, forget_after, actor) SELECT seq, gen_random_uuid(), 0, 99, 'x', 9999999999, 'a newer node' FROM head");
        await Until.TrueAsync(() => _nodes.All(node => !node.Node.IsHeld), "no node judges from memory");
        (await Should.ThrowAsync<Server.Storage.StoreException>(async () => await _nodes[0].Node.ReadAsync())).Message.ShouldContain("kind is not known");
    }

    [Fact]
    public async Task One_read_serves_all_that_wait_for_it()
    {
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => _nodes[0].Node.ReadAsync().AsTask()));
        _nodes[0].Node.IsHeld.ShouldBeTrue();
    }

    [Fact]
    public async Task A_strict_node_never_holds_a_lease_and_reads_the_log_for_each_decision()
    {
        var strict = await AddNodeAsync("strict", options => options.Strict = true);
        await strict.Node.EnsureAsync();
        strict.Node.IsHeld.ShouldBeFalse();
        var row = await _nodes[0].AppendAsync(Records.Row(Selector.Grant("g")));
        await strict.Node.EnsureAsync();
        lock (_seen[^1]) _seen[^1].ShouldContain(row);
    }

    private async Task<PostgresTokenStore> AddNodeAsync(string name, Action<PostgresOptions>? adjust = null)
    {
        var node = _stores.Open(name, adjust);
        var seen = new List<RevocationRow>();
        await node.LoadAsync((rows, _, _) => { lock (seen) seen.AddRange(rows); }, CancellationToken.None);
        node.Follow();
        _nodes.Add(node);
        _seen.Add(seen);
        return node;
    }
}

using System.Collections.Concurrent;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>The order of commits is the order of the log, over all nodes: who reads by cursor misses nothing.</summary>
public sealed class LogOrderTests : IAsyncLifetime
{
    private const int Nodes = 4;

    private readonly ConcurrentQueue<RevocationRow>[] _published = [.. Enumerable.Range(0, Nodes).Select(_ => new ConcurrentQueue<RevocationRow>())];
    private readonly List<PostgresTokenStore> _nodes = [];
    private PostgresStores _stores = null!;
    private LogCursor _start;

    public async ValueTask InitializeAsync()
    {
        _stores = await PostgresStores.CreateAsync();
        // All at once: one makes the tables, the others wait for it.
        _nodes.AddRange(Enumerable.Range(0, Nodes).Select(i => _stores.Open($"node-{i}")));
        var contents = await Task.WhenAll(_nodes.Select((node, i) => node.LoadAsync(
            (rows, _, _) =>
            {
                foreach (var row in rows) _published[i].Enqueue(row);
            },
            CancellationToken.None)));
        contents.Select(each => each.Epoch).Distinct().ShouldHaveSingleItem();
        _start = LogCursor.Start(contents[0].Epoch);
        foreach (var node in _nodes) node.Follow();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Fact]
    public async Task Thirty_two_writers_on_four_nodes_and_a_reader_that_polls_by_cursor_misses_no_row()
    {
        const int Writers = 32, Each = 25;
        var database = PostgresDatabase.Open(new PostgresOptions { Connection = _stores.Connection });
        var reader = new PostgresLogReader(database);
        var seen = new List<RevocationRow>();
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var mine = new List<RevocationRow>();
            for (var i = 0; i < Each; i++)
            {
                // Lists of one to three rows: they stand together in the log.
                var rows = await _nodes[writer % Nodes].AppendAsync([.. Enumerable.Range(0, 1 + (i % 3)).Select(n => Records.Row(Selector.Grant($"{writer}-{i}-{n}")))]);
                rows.Select(row => row.Seq).ShouldBe(Enumerable.Range(0, rows.Count).Select(n => rows[0].Seq + n));
                mine.AddRange(rows);
            }
            return mine;
        })));
        var cursor = _start;
        bool isLast;
        do
        {
            isLast = writing.IsCompleted;
            var read = await reader.ReadAsync(cursor, long.MaxValue);
            read.View.Continues(cursor).ShouldBeTrue();
            read.IsWhole.ShouldBeTrue();
            read.Rows.Select(row => row.Seq).ShouldBe(Enumerable.Range(1, read.Rows.Count).Select(i => cursor.Seq + i));
            if (read.Rows.Count > 0) read.Rows[^1].Id.ShouldBe(read.Cursor.Row);
            seen.AddRange(read.Rows);
            cursor = read.Cursor;
        }
        while (!isLast);

        var written = (await writing).SelectMany(mine => mine).OrderBy(row => row.Seq).ToList();
        seen.ShouldBe(written);
        foreach (var node in _nodes) await node.Node.ReadAsync();
        // Each node brought its own rows and all others' into memory, each once and in the order of the log.
        foreach (var published in _published) published.ShouldBe(written);
        await reader.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_node_publishes_rows_of_others_before_its_own_later_ones()
    {
        await _nodes[0].AppendAsync([Records.Row(Selector.Grant("a")), Records.Row(Selector.Grant("b"))]);
        await _nodes[1].AppendAsync([Records.Row(Selector.Grant("c"))]);
        _published[1].Select(row => row.Selector.Id).ShouldBe(["a", "b", "c"]);
        await _nodes[0].AppendAsync([Records.Row(Selector.Grant("d"))]);
        _published[0].Select(row => row.Selector.Id).ShouldBe(["a", "b", "c", "d"]);
    }

    [Fact]
    public async Task Followers_hear_of_commits_of_others_rows_and_registrations_alike()
    {
        var registrations = new ConcurrentQueue<string>();
        await using var follower = _stores.Open("follower");
        await follower.LoadAsync(
            (rows, clients, _) =>
            {
                foreach (var client in clients) registrations.Enqueue($"{client.ClientId} {client.Enabled}");
                foreach (var row in rows) registrations.Enqueue(row.Selector.ToString());
            },
            CancellationToken.None);
        follower.Follow();
        var client = Records.Client("c-1");
        await _nodes[0].AddClientAsync(client);
        await Until.TrueAsync(() => registrations.Count == 2, "the follower knows the client");
        (await _nodes[1].ChangeAsync(client, client with { Enabled = false }, Records.Row(Selector.Client("c-1")))).ShouldNotBeNull();
        await Until.TrueAsync(() => registrations.Count == 4, "the follower knows the change");
        registrations.ShouldBe(["c-1 True", "registration:c-1", "c-1 False", "client:c-1"]);
    }

    [Fact]
    public async Task A_cursor_of_another_life_or_of_a_row_that_was_replaced_does_not_continue()
    {
        await using var database = PostgresDatabase.Open(new PostgresOptions { Connection = _stores.Connection });
        await using var reader = new PostgresLogReader(database);
        var row = (await _nodes[0].AppendAsync([Records.Row(Selector.Grant("a"))]))[0];
        var cursor = new LogCursor(_start.Epoch, row.Seq, row.Id);
        var view = (await reader.ReadAsync(cursor, long.MaxValue)).View;
        view.Continues(cursor).ShouldBeTrue();
        view.Continues(cursor with { Row = Guid.NewGuid() }).ShouldBeFalse();
        view.Continues(cursor with { Epoch = Guid.NewGuid() }).ShouldBeFalse();
        (await reader.ReadAsync(cursor with { Seq = 9 }, long.MaxValue)).View.Continues(cursor with { Seq = 9 }).ShouldBeFalse();
        view.Database.Split('/').Length.ShouldBe(3); // Of a role that is no superuser.
        await _stores.ExecuteAsync("UPDATE revocations SET id = gen_random_uuid()");
        (await reader.ReadAsync(cursor, long.MaxValue)).View.Continues(cursor).ShouldBeFalse();
    }

    [Fact]
    public async Task A_log_of_another_epoch_takes_no_row_of_ours()
    {
        await using var alone = _stores.Open("alone"); // It follows nobody, so it does not know yet.
        await alone.LoadAsync((_, _, _) => { }, CancellationToken.None);
        await _stores.ExecuteAsync("UPDATE head SET epoch = gen_random_uuid()");
        await Should.ThrowAsync<Server.Storage.StoreException>(() => alone.AppendAsync([Records.Row(Selector.Grant("a"))]));
        (await _stores.ScalarAsync("SELECT seq FROM head")).ShouldBe(0L);
        (await _stores.ScalarAsync("SELECT count(*) FROM revocations")).ShouldBe(0L);
    }
}

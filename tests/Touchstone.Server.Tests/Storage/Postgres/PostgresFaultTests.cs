using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>A server that is stopped, killed, frozen or slow: every failure is a <see cref="StoreException"/>, comes in time, and ends with its cause.</summary>
public sealed class PostgresFaultTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(600);

    // What a request may take beyond the limit, on a busy machine.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    private readonly List<RevocationRow> _published = [];
    private PostgresServer? _server;
    private PostgresStores? _stores;
    private PostgresTokenStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        _server = await PostgresServer.StartAsync();
        _stores = await PostgresStores.CreateAsync(_server);
        _store = _stores.Open(adjust: options => (options.CommandTimeout, options.ReadConnections) = (Limit, 4));
        await _store.LoadAsync((rows, _, _) => _published.AddRange(rows), CancellationToken.None);
        _store.Follow();
        await _store.AddTokensAsync([Records.Bare("t")]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task L06_A_server_that_stops_fails_every_call_at_once_and_all_is_well_when_it_is_back(bool isCrash)
    {
        await AppendAsync("before");
        await (isCrash ? _server!.CrashAsync() : _server!.StopAsync());
        for (var i = 0; i < 3; i++)
        {
            await ShouldFailInTimeAsync(FindAsync());
            await ShouldFailInTimeAsync(AppendAsync("during"));
            await ShouldFailInTimeAsync(_store.PingAsync(CancellationToken.None).AsTask());
        }
        await _server.BeginAsync();
        // The first look-up already: what was open before is replaced without anybody noticing.
        (await FindAsync()).Record.ShouldNotBeNull();
        (await AppendAsync("after")).Seq.ShouldBe(2);
        _published.Select(row => row.Selector.Id).ShouldBe(["before", "after"]);
    }

    [Fact]
    public async Task L06_A_restart_between_two_requests_is_noticed_by_nobody()
    {
        await using var store = _stores!.Open("patient", options => options.ReadConnections = 4);
        for (var i = 0; i < 3; i++)
        {
            await FindManyAsync();
            await _server!.StopAsync();
            await _server.BeginAsync();
            foreach (var found in await FindManyAsync()) found.Record.ShouldNotBeNull();
        }

        Task<StoredToken[]> FindManyAsync() => Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => await store.FindAsync(TokenHash.Of("t"), judge: false, CancellationToken.None)));
    }

    [Fact]
    public async Task L06_A_connection_that_was_ended_while_nothing_was_written_fails_no_write()
    {
        var time = new ManualTime();
        await using var store = _stores!.Open("idle", time: time);
        await store.LoadAsync((_, _, _) => { }, CancellationToken.None);
        for (var i = 0; i < 3; i++)
        {
            await store.SetAsync("round", $"{i}");
            await _stores.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'touchstone'");
            time.Advance(TimeSpan.FromSeconds(2));
        }
        (await store.AppendAsync(Records.Row(Selector.Grant("after")))).Seq.ShouldBe(1);
    }

    [Fact]
    public async Task L06_A_frozen_server_holds_nobody_longer_than_the_limit_and_what_it_committed_late_comes_into_memory()
    {
        await AppendAsync("before");
        _server!.Freeze();
        try
        {
            // More than there are connections, and again after the first have given up.
            for (var round = 0; round < 2; round++)
            {
                var reads = Enumerable.Range(0, 20).Select(_ => ShouldFailInTimeAsync(FindAsync()));
                var writes = Enumerable.Range(0, 5).Select(i => ShouldFailInTimeAsync(AppendAsync($"frozen-{round}-{i}")));
                await Task.WhenAll(reads.Concat(writes));
            }
        }
        finally
        {
            _server.Thaw();
        }
        await Until.TrueAsync(CanAppendAsync, "the store writes again");
        (await FindAsync()).Record.ShouldNotBeNull();
        // Whatever of the unanswered writes took place is in memory as well, in the order of the log and each once.
        await _store.Node.ReadAsync();
        _published.Select(row => row.Seq).ShouldBe(Enumerable.Range(1, _published.Count).Select(i => (long)i));
        (await _stores!.ScalarAsync("SELECT count(*) FROM revocations")).ShouldBe((long)_published.Count);
        await VerifyChainAsync();
    }

    [Fact]
    public async Task L06_A_server_that_froze_while_nothing_was_written_is_written_to_again_when_it_is_back()
    {
        var time = new ManualTime();
        await using var store = _stores!.Open("idle", options => options.CommandTimeout = Limit, time);
        await store.LoadAsync((_, _, _) => { }, CancellationToken.None);
        await store.SetAsync("round", "before");
        time.Advance(TimeSpan.FromSeconds(2));
        _server!.Freeze();
        try
        {
            await ShouldFailInTimeAsync(store.SetAsync("round", "frozen"));
            store.CanWrite().ShouldBeFalse();
        }
        finally
        {
            _server.Thaw();
        }
        await Until.TrueAsync(() => CanAsync(store.SetAsync("round", "after")), "the store writes again");
        store.CanWrite().ShouldBeTrue();
    }

    [Fact]
    public async Task L06_A_node_whose_chain_another_session_holds_says_that_it_can_not_write()
    {
        const string Lock = "FROM pg_locks WHERE locktype = 'advisory' AND classid = 1951596546 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        var time = new ManualTime();
        // The store of this class holds a lock of its own.
        await _store.DisposeAsync();
        await using var store = _stores!.Open("held", options => options.CommandTimeout = Limit, time);
        await store.LoadAsync((_, _, _) => { }, CancellationToken.None);
        await store.SetAsync("round", "before");
        await using (var holder = new Npgsql.NpgsqlConnection(_stores.Connection + ";Pooling=false"))
        {
            await holder.OpenAsync();
            await using var take = new Npgsql.NpgsqlCommand($"SELECT pg_advisory_lock(classid::bigint::int, objid::bigint::bit(32)::int) {Lock} AND granted", holder);
            var taking = take.ExecuteNonQueryAsync();
            await Until.TrueAsync(async () => (long)(await _stores.ScalarAsync($"SELECT count(*) {Lock} AND NOT granted"))! == 1, "somebody waits for the lock");
            await _stores.ScalarAsync($"SELECT count(pg_terminate_backend(pid)) {Lock} AND granted");
            await taking;
            time.Advance(TimeSpan.FromSeconds(2));
            (await Should.ThrowAsync<StoreException>(store.SetAsync("round", "held"))).Message.ShouldStartWith("Another process writes the audit chain");
            store.CanWrite().ShouldBeFalse();
        }
        await Until.TrueAsync(() => CanAsync(store.SetAsync("round", "after")), "the store writes again");
    }

    [Fact]
    public async Task L06_A_backend_that_is_ended_while_it_waits_fails_its_write_and_the_next_one_goes_well()
    {
        await _stores!.ExecuteAsync("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'; CREATE TRIGGER slow BEFORE INSERT ON settings FOR EACH ROW EXECUTE FUNCTION slow()");
        var writing = _store.SetAsync("a", "b");
        await Until.TrueAsync(async () => (long)(await _stores.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))! == 1, "the write is under way");
        await Should.ThrowAsync<StoreException>(writing);
        (await AppendAsync("next")).Seq.ShouldBe(1);
        await VerifyChainAsync();
    }

    [Fact]
    public async Task L06_A_statement_that_takes_too_long_is_ended_by_the_server_too()
    {
        await _stores!.ExecuteAsync("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'; CREATE TRIGGER slow BEFORE INSERT ON settings FOR EACH ROW EXECUTE FUNCTION slow()");
        await ShouldFailInTimeAsync(_store.SetAsync("a", "b"));
        await Until.TrueAsync(async () => (long)(await _stores.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))! == 0, "nothing is left of it");
        (await AppendAsync("next")).Seq.ShouldBe(1);
    }

    [Fact]
    public async Task A_write_that_fails_fails_alone_among_those_it_is_committed_with()
    {
        await _stores!.ExecuteAsync("CREATE FUNCTION bad() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.client_id LIKE ''bad%'' THEN RAISE EXCEPTION ''no such client''; END IF; RETURN NEW; END'; CREATE TRIGGER bad BEFORE INSERT ON tokens FOR EACH ROW EXECUTE FUNCTION bad()");
        var writes = Enumerable.Range(0, 40).Select(i => _store.AddTokensAsync([Records.Bare($"t-{i}") with { ClientId = i % 7 == 3 ? "bad" : "good" }])).ToList();
        var list = _store.AddTokensAsync([Records.Bare("a"), Records.Bare("t")]);
        for (var i = 0; i < writes.Count; i++)
        {
            if (i % 7 == 3) (await Should.ThrowAsync<StoreException>(writes[i])).Message.ShouldContain("no such client");
            else (await writes[i]).ShouldBe(-1);
        }
        (await list).ShouldBe(1);
        (await _store.FindAsync(TokenHash.Of("a"), judge: false, CancellationToken.None)).Record.ShouldBeNull();
        (await _stores.ScalarAsync("SELECT count(*) FROM tokens")).ShouldBe(35L);
        await VerifyChainAsync();
    }

    private static async ValueTask<bool> CanAsync(Task write)
    {
        try
        {
            await write;
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private ValueTask<bool> CanAppendAsync() => CanAsync(AppendAsync("probe"));

    private async Task<StoredToken> FindAsync() => await _store.FindAsync(TokenHash.Of("t"), judge: false, CancellationToken.None);

    private Task<RevocationRow> AppendAsync(string grant) => _store.AppendAsync(Records.Row(Selector.Grant(grant)));

    private static async Task ShouldFailInTimeAsync(Task call)
    {
        var started = TimeProvider.System.GetTimestamp();
        await Should.ThrowAsync<StoreException>(call);
        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(Limit + Slack);
    }

    // Numbers without a gap, each record holding the hash of the one before.
    private async Task VerifyChainAsync()
    {
        await _store.SignAuditAsync();
        using var records = PostgresAuditRecords.Open(_stores!.Connection);
        var chain = records.Chains().ShouldHaveSingleItem();
        var verifier = new AuditVerifier(chain, AuditKey.ReadPublic(_stores.FolderOf("node")));
        foreach (var (_, record) in records.After(chain, 0)) verifier.Add(record);
        verifier.Complete();
        verifier.Findings.ShouldBeEmpty();
    }
}

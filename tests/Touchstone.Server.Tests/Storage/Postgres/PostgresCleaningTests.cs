using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>What leaves the database, in what order, and what stays whatever its age.</summary>
public sealed class PostgresCleaningTests : IAsyncLifetime
{
    private const long Now = ManualTime.Start;

    private readonly List<PostgresTokenStore> _nodes = [];
    private PostgresStores _stores = null!;

    public async ValueTask InitializeAsync()
    {
        _stores = await PostgresStores.CreateAsync();
        for (var i = 0; i < 2; i++)
        {
            _nodes.Add(_stores.Open($"node-{i}"));
            await _nodes[i].LoadAsync((_, _, _) => { }, CancellationToken.None);
            _nodes[i].Follow();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Fact]
    public async Task Tokens_leave_in_batches_those_that_expired_first_and_living_ones_stay()
    {
        await _nodes[0].AddTokensAsync([.. Enumerable.Range(0, 20).Select(i => Records.Bare($"t-{i}") with { ExpiresAt = Now + i })]);
        (await _nodes[0].RemoveTokensAsync(Now + 10, 4)).Count.ShouldBe(4);
        (await _stores.ScalarAsync("SELECT min(expires_at) FROM tokens")).ShouldBe(Now + 4);
        (await _nodes[1].RemoveTokensAsync(Now + 10, 100)).Count.ShouldBe(6);
        (await _nodes[1].RemoveTokensAsync(Now + 10, 100)).Count.ShouldBe(0);
        (await _stores.ScalarAsync("SELECT count(*) FROM tokens")).ShouldBe(10L);
    }

    [Fact]
    public async Task Nodes_that_remove_at_once_remove_each_row_once_and_wait_for_nobody()
    {
        await _nodes[0].AddTokensAsync([.. Enumerable.Range(0, 500).Select(i => Records.Bare($"t-{i}"))]);
        await using var held = new Npgsql.NpgsqlConnection(_stores.Connection + ";Pooling=false");
        await held.OpenAsync(TestContext.Current.CancellationToken);
        await using (var begin = new Npgsql.NpgsqlCommand("BEGIN; SELECT 1 FROM tokens ORDER BY hash LIMIT 10 FOR UPDATE", held)) await begin.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var removed = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => _nodes[i % 2].RemoveTokensAsync(long.MaxValue, 20)));
        var left = (long)(await _stores.ScalarAsync("SELECT count(*) FROM tokens"))!;
        removed.Sum(batch => batch.Count).ShouldBe((int)(500 - left));
        left.ShouldBeGreaterThanOrEqualTo(10);
    }

    [Fact]
    public async Task Rows_are_forgotten_in_the_order_of_their_ends_but_never_the_newest()
    {
        await _nodes[0].AppendAsync([Records.Row(Selector.Client("c")) with { ForgetAfter = Now + 2 }, Records.Row(Selector.Grant("g")) with { ForgetAfter = Now + 1 }, Records.Row(Selector.Registration("c")) with { ForgetAfter = Now }]);
        var forgotten = await _nodes[0].ForgetRowsAsync(Now + 100, 1);
        forgotten.Rows.ShouldBe([(Selector.Grant("g"), 2L)]);
        forgotten.Through.ShouldBe(2);
        (await _nodes[0].ForgetRowsAsync(Now + 100, 10)).Rows.ShouldBe([(Selector.Client("c"), 1L)]);
        (await _nodes[0].ForgetRowsAsync(Now + 100, 10)).Rows.ShouldBeEmpty();
        (await _stores.ScalarAsync("SELECT through FROM forgotten")).ShouldBe(2L);
        (await _nodes[0].FindRowAsync(3, CancellationToken.None)).ShouldNotBeNull();
        // A cursor at the newest row goes on, and so does the log.
        await _nodes[1].Node.ReadAsync();
        (await _nodes[1].AppendAsync([Records.Row(Selector.Grant("next"))]))[0].Seq.ShouldBe(4);
    }

    [Fact]
    public async Task L12_The_newest_forgotten_row_of_a_token_is_known_beside_that_of_others_and_after_a_start()
    {
        await _nodes[0].AppendAsync([Records.Row(Selector.Token(TokenHash.Of("a"))) with { ForgetAfter = Now }, Records.Row(Selector.Grant("g")) with { ForgetAfter = Now }, Records.Row(Selector.Token(TokenHash.Of("b"))) with { ForgetAfter = Now + 50 }, Records.Row(Selector.Grant("h"))]);
        (await _nodes[0].ForgetRowsAsync(Now + 9, 10)).ThroughTokens.ShouldBe(1);
        (await _nodes[0].ForgetRowsAsync(Now + 99, 10)).ThroughTokens.ShouldBe(3);
        await using var later = _stores.Open("later");
        var loaded = await later.LoadAsync((_, _, _) => { }, CancellationToken.None);
        (loaded.Marks.Forgotten, loaded.Marks.ForgottenTokens).ShouldBe((2, 3));
    }

    [Fact]
    public async Task L12_A_token_s_row_is_remembered_as_long_as_whatever_descends_from_it()
    {
        var ancestor = TokenHash.Of("ancestor");
        Task AddAsync(string token, long expiry) => _nodes[0].AddTokensAsync([Records.Bare(token) with { ExpiresAt = expiry, Ancestors = [ancestor] }]);
        await AddAsync("early", Now + 5000);
        var row = (await _nodes[1].AppendAsync([Records.Row(Selector.Token(ancestor)) with { ForgetAfter = Now }]))[0];
        row.ForgetAfter.ShouldBe(Now + 5000 + 3600);
        await AddAsync("late", Now + 9000);
        (await _nodes[0].FindRowAsync(row.Seq, CancellationToken.None)).ShouldBe(row with { ForgetAfter = Now + 9000 + 3600 });
        // Other kinds don't end descendants.
        (await _nodes[1].AppendAsync([Records.Row(Selector.Grant("g")) with { ForgetAfter = Now }]))[0].ForgetAfter.ShouldBe(Now);
    }

    [Fact]
    public async Task L12_Of_a_row_and_a_descendant_that_come_at_once_on_two_nodes_the_second_sees_the_first()
    {
        for (var round = 0; round < 60; round++)
        {
            var ancestor = TokenHash.Of($"ancestor-{round}");
            var end = Now + 100_000 + (round * 1000);
            var adding = _nodes[round % 2].AddTokensAsync([Records.Bare($"child-{round}") with { ExpiresAt = end, Ancestors = [ancestor] }]);
            var row = (await _nodes[(round + 1) % 2].AppendAsync([Records.Row(Selector.Token(ancestor)) with { ForgetAfter = Now }]))[0];
            await adding;
            (await _nodes[0].FindRowAsync(row.Seq, CancellationToken.None))!.ForgetAfter.ShouldBe(end + 3600, $"round {round}");
        }
    }

    [Fact]
    public async Task Records_come_with_rows_that_end_some_of_them_in_one_commit()
    {
        (await _nodes[0].AddTokensAsync([Records.Bare("a"), Records.Bare("b")], [Records.Row(Selector.Token(TokenHash.Of("b")))])).ShouldBe(-1);
        (await _nodes[0].AddTokensAsync([Records.Bare("b")], [Records.Row(Selector.Token(TokenHash.Of("b")))])).ShouldBe(0);
        (await _nodes[1].FindAsync(TokenHash.Of("a"), judge: true, CancellationToken.None)).Match.ShouldBeNull();
        (await _nodes[1].FindAsync(TokenHash.Of("b"), judge: true, CancellationToken.None)).Match.ShouldBe(new RevocationMatch(SelectorKind.Token, 1));
        (await _stores.ScalarAsync("SELECT seq FROM head")).ShouldBe(1L);
    }

    [Fact]
    public async Task Assertions_and_uses_of_gone_secrets_leave()
    {
        ICleanedStore store = _nodes[0];
        for (byte i = 0; i < 5; i++) (await _nodes[0].UseAssertionAsync([i], Now + i)).ShouldBeTrue();
        (await store.ForgetAssertionsAsync(Now + 3, 2)).Count.ShouldBe(2);
        (await store.ForgetAssertionsAsync(Now + 3, 2)).Count.ShouldBe(1);
        (await _nodes[0].UseAssertionAsync([4], Now)).ShouldBeFalse();
        SecretUse[] uses = [new("a", "s1", 1), new("a", "s2", 2), new("b", "s1", 3)];
        await _nodes[0].SaveSecretUsesAsync(uses);
        (await store.RemoveSecretUsesAsync([uses[0], new("c", "s1", 1)])).Count.ShouldBe(1);
        (await _nodes[0].LoadSecretUsesAsync()).ShouldBe([uses[1], uses[2]], ignoreOrder: true);
    }

    [Fact]
    public async Task A_write_that_fails_is_known_until_one_goes_well()
    {
        _nodes[0].CanWrite().ShouldBeTrue();
        await _stores.ExecuteAsync("ALTER TABLE forgotten RENAME TO gone; CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'; CREATE TRIGGER slow BEFORE INSERT ON settings FOR EACH ROW EXECUTE FUNCTION slow()");
        await Should.ThrowAsync<StoreException>(() => _nodes[0].SetAsync("a", "b"));
        _nodes[0].CanWrite().ShouldBeFalse();
        await _stores.ExecuteAsync("ALTER TABLE gone RENAME TO forgotten; DROP TRIGGER slow ON settings");
        await Until.TrueAsync(() => _nodes[0].CanWrite(), "the try went well");
    }
}

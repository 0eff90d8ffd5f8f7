using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>What a node finds when it starts, and what makes it refuse.</summary>
public sealed class PostgresStartTests : IAsyncLifetime
{
    private PostgresStores _stores = null!;

    public async ValueTask InitializeAsync() => _stores = await PostgresStores.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Fact]
    public async Task Two_installations_in_two_schemas_of_one_database_don_t_meet()
    {
        await _stores.ExecuteAsync("CREATE SCHEMA a; CREATE SCHEMA b");
        await using var a = _stores.Open("a", adjust: options => options.Connection += ";Search Path=a");
        await using var b = _stores.Open("b", adjust: options => options.Connection += ";Search Path=b");
        await LoadAsync(a);
        await LoadAsync(b);
        await a.AddTokensAsync([Records.Bare("t")]);
        (await b.AddTokensAsync([Records.Bare("t")])).ShouldBe(-1);
    }

    [Fact]
    public async Task A_role_that_may_make_no_tables_uses_those_that_their_owner_made()
    {
        await using (var owner = _stores.Open()) await LoadAsync(owner);
        var role = $"app_{await _stores.ScalarAsync("SELECT current_database()")}";
        await _stores.Server.ExecuteAsync($"CREATE ROLE {role} LOGIN");
        await _stores.ExecuteAsync($"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}");
        await using var store = _stores.Open(adjust: options => options.Connection += $";Username={role}");
        await LoadAsync(store);
        (await store.AddTokensAsync([Records.Bare("t")])).ShouldBe(-1);
        await store.AppendAsync(Records.Row(Touchstone.Protocol.Revocation.Selector.All));
        store.Follow();
        await store.Node.ReadAsync();
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_and_left_as_it_is()
    {
        await using (var first = _stores.Open()) await LoadAsync(first);
        await _stores.ExecuteAsync("UPDATE schema_version SET version = 99");
        await using var store = _stores.Open();
        (await Should.ThrowAsync<StoreException>(() => LoadAsync(store))).Message.ShouldStartWith("The database is of schema 99, and this version of touchstone knows schemas up to ");
        (await _stores.ScalarAsync("SELECT version FROM schema_version")).ShouldBe(99);
    }

    [Fact]
    public async Task L12_A_database_from_before_forgotten_rows_of_tokens_were_marked_says_that_any_may_be_forgotten()
    {
        await using (var first = _stores.Open())
        {
            await LoadAsync(first);
            await first.AppendAsync([Records.Row(Touchstone.Protocol.Revocation.Selector.Grant("a")), Records.Row(Touchstone.Protocol.Revocation.Selector.Grant("b"))]);
        }
        await _stores.ExecuteAsync("ALTER TABLE forgotten DROP COLUMN tokens; ALTER TABLE tokens DROP COLUMN basis_issued_at; UPDATE schema_version SET version = 6");
        await using var store = _stores.Open();
        (await store.LoadAsync((_, _, _) => { }, CancellationToken.None)).Marks.ForgottenTokens.ShouldBe(2);
    }

    [Fact]
    public async Task Commits_are_durable_whatever_the_database_says_and_have_a_time_limit()
    {
        var name = await _stores.ScalarAsync("SELECT current_database()");
        await _stores.ExecuteAsync($"ALTER DATABASE {name} SET synchronous_commit = off; ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'");
        await using var database = PostgresDatabase.Open(new PostgresOptions { Connection = _stores.Connection, CommandTimeout = TimeSpan.FromMilliseconds(1500) });
        await using var connection = await database.ConnectAsync();
        foreach (var (setting, value) in ((string, string)[])[("synchronous_commit", "on"), ("statement_timeout", "1500ms"), ("default_transaction_isolation", "read committed"), ("idle_in_transaction_session_timeout", "3s")])
        {
            await using var command = new Npgsql.NpgsqlCommand($"SHOW {setting}", connection);
            (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(value, setting);
        }
    }

    [Fact]
    public async Task I45_No_token_stands_in_the_database()
    {
        await using var store = _stores.Open();
        await LoadAsync(store);
        const string Token = "at.this-very-token-must-not-be-found";
        await store.AddTokensAsync([Records.Bare(Token)]);
        (await _stores.ScalarAsync($"SELECT count(*) FROM tokens t WHERE t::text LIKE '%{Token}%' OR hash = '{Token}'::bytea")).ShouldBe(0L);
        (await _stores.ScalarAsync($"SELECT count(*) FROM tokens WHERE hash = sha256('{Token}')")).ShouldBe(1L);
    }

    [Fact]
    public async Task A_write_before_loading_is_a_mistake_of_ours()
    {
        await using var store = _stores.Open();
        await Should.ThrowAsync<InvalidOperationException>(() => store.SetAsync("a", "b"));
    }

    private static Task LoadAsync(PostgresTokenStore store) => store.LoadAsync((_, _, _) => { }, CancellationToken.None);
}

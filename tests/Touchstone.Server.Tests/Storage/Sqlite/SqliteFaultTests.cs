using Microsoft.Data.Sqlite;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Sqlite;

namespace Touchstone.Server.Tests.Storage.Sqlite;

/// <summary>What fails, fails as <see cref="StoreException"/>, alone, and only as long as the fault lasts.</summary>
public sealed class SqliteFaultTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<RevocationRow> _published = [];
    private SqliteTokenStore _store = null!;
    private Database _database = null!;

    public async ValueTask InitializeAsync()
    {
        _store = Open();
        await LoadAsync(_store);
        _database = new Database(_folder.Path);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_write_that_fails_fails_alone_among_those_it_is_committed_with()
    {
        _database.Execute("CREATE TRIGGER bad BEFORE INSERT ON tokens WHEN NEW.client_id LIKE 'bad%' BEGIN SELECT RAISE(ABORT, 'no such client'); END");
        var writes = new List<Task<int>>();
        using (_database.HoldWriteLock())
        {
            // The first one waits for the lock; all others wait behind it and come in one batch.
            for (var i = 0; i < 20; i++) writes.Add(_store.AddTokensAsync([Records.Bare($"t-{i}") with { ClientId = i % 7 == 3 ? "bad" : "good" }]));
            writes.Add(_store.AddTokensAsync([Records.Bare("a"), Records.Bare("b") with { ClientId = "bad 2" }, Records.Bare("c")]));
        }
        for (var i = 0; i < 20; i++)
        {
            if (i % 7 == 3) (await Should.ThrowAsync<StoreException>(writes[i])).Message.ShouldContain("no such client");
            else (await writes[i]).ShouldBe(-1);
            ((await FindAsync($"t-{i}")) is not null).ShouldBe(i % 7 != 3);
        }
        await Should.ThrowAsync<StoreException>(writes[20]);
        foreach (var token in (string[])["a", "b", "c"]) (await FindAsync(token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_row_that_fails_leaves_no_gap_and_is_not_told()
    {
        _database.Execute("CREATE TRIGGER bad BEFORE INSERT ON revocations WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END");
        var writes = new List<Task<RevocationRow>>();
        using (_database.HoldWriteLock())
        {
            for (var i = 0; i < 10; i++) writes.Add(_store.AppendAsync(Records.Row(Selector.Grant(i is 4 or 5 ? "bad" : $"g-{i}"))));
        }
        var seqs = new List<long>();
        for (var i = 0; i < 10; i++)
        {
            if (i is 4 or 5) await Should.ThrowAsync<StoreException>(writes[i]);
            else seqs.Add((await writes[i]).Seq);
        }
        seqs.ShouldBe([1, 2, 3, 4, 5, 6, 7, 8]);
        _published.Select(row => row.Seq).ShouldBe(seqs);
        _database.Scalar("SELECT seq FROM head").ShouldBe(8L);
    }

    [Theory]
    [InlineData("ABORT")]
    [InlineData("FAIL")]
    [InlineData("ROLLBACK")]
    public async Task However_a_statement_fails_nothing_of_its_write_stays_and_the_next_write_works(string how)
    {
        await _store.AddClientAsync(Records.Client("c"));
        _database.Execute($"CREATE TRIGGER bad BEFORE INSERT ON revocations BEGIN SELECT RAISE({how}, 'no'); END");
        await Should.ThrowAsync<StoreException>(() => _store.ChangeAsync(Records.Client("c"), Records.Client("c") with { Enabled = false }, Records.Row(Selector.Client("c"))));
        _database.Scalar("SELECT registration FROM clients").ShouldBeOfType<string>().ShouldContain("\"enabled\":true");
        _database.Scalar("SELECT count(*) FROM revocations").ShouldBe(1L); // That the client was added.
        _database.Execute("DROP TRIGGER bad");
        (await _store.AppendAsync(Records.Row(Selector.Client("c")))).Seq.ShouldBe(2);
    }

    [Fact]
    public async Task A_table_that_is_gone_is_a_failure_of_every_read_and_write_until_it_is_back()
    {
        await _store.AddTokensAsync([Records.Bare("t")]);
        (await FindAsync("t")).ShouldNotBeNull();
        foreach (var table in (string[])["tokens", "head", "revocations"])
        {
            _database.Execute($"ALTER TABLE {table} RENAME TO gone");
            if (table == "tokens") await Should.ThrowAsync<StoreException>(() => FindAsync("t"));
            await Should.ThrowAsync<StoreException>(async () => await _store.FindAsync(TokenHash.Of("t"), judge: true, CancellationToken.None));
            if (table == "head") await Should.ThrowAsync<StoreException>(async () => await _store.PingAsync(CancellationToken.None));
            if (table != "tokens") await Should.ThrowAsync<StoreException>(() => _store.AppendAsync(Records.Row(Selector.All)));
            else await Should.ThrowAsync<StoreException>(() => _store.AddTokensAsync([Records.Bare("new")]));
            _database.Execute($"ALTER TABLE gone RENAME TO {table}");
            (await FindAsync("t")).ShouldNotBeNull();
        }
        await _store.PingAsync(CancellationToken.None);
        (await _store.AppendAsync(Records.Row(Selector.All))).Seq.ShouldBe(1);
    }

    [Fact]
    public async Task Failing_reads_leave_no_connection_open()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "counts open files in /proc");
        _database.Execute("ALTER TABLE tokens RENAME TO gone");
        for (var i = 0; i < 50; i++) await Should.ThrowAsync<StoreException>(() => FindAsync("t"));
        OpenFiles().ShouldBeLessThan(10);
        _database.Execute("ALTER TABLE gone RENAME TO tokens");

        // And where no connection can even be set up.
        foreach (var file in (string[])["", "-wal", "-shm"]) File.Move(_database.Path + file, _database.Path + file + ".away");
        File.WriteAllText(_database.Path, new string('x', 8192));
        for (var i = 0; i < 50; i++) await Should.ThrowAsync<StoreException>(() => FindAsync("t"));
        OpenFiles().ShouldBeLessThan(10);

        int OpenFiles() => Directory.GetFiles("/proc/self/fd").Count(link => Target(link).StartsWith(_folder.Path, StringComparison.Ordinal));

        static string Target(string link)
        {
            try
            {
                return File.ResolveLinkTarget(link, false)?.FullName ?? "";
            }
            catch (IOException)
            {
                return ""; // Another test's, and closed by now.
            }
        }
    }

    [Fact]
    public async Task A_file_that_is_gone_is_not_made_anew_by_a_read()
    {
        foreach (var file in Directory.EnumerateFiles(_folder.Path, "touchstone.db*")) File.Delete(file);
        await Should.ThrowAsync<StoreException>(() => FindAsync("t"));
        File.Exists(_database.Path).ShouldBeFalse();
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_at_start()
    {
        await _store.DisposeAsync();
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.EnumerateFiles(_folder.Path, "touchstone.db*")) File.WriteAllText(file, new string('x', 8192));
        await using var store = Open();
        await Should.ThrowAsync<StoreException>(() => LoadAsync(store));
    }

    [Fact]
    public async Task A_registration_that_cannot_be_read_is_refused_at_start()
    {
        await _store.DisposeAsync();
        _database.Execute("INSERT INTO clients VALUES ('c', '{\"client_id\":')");
        await using var store = Open();
        await Should.ThrowAsync<StoreException>(() => LoadAsync(store));
    }

    [Fact]
    public async Task A_row_of_a_kind_that_this_version_does_not_know_is_refused_at_start()
    {
        await _store.AppendAsync(Records.Row(Selector.All));
        await _store.DisposeAsync();
        _database.Execute("UPDATE revocations SET kind = 99");
        await using var store = Open();
        (await Should.ThrowAsync<StoreException>(() => LoadAsync(store))).Message.ShouldBe("Row 1 of the revocation log can't be read: its kind is not known to this version.");
    }

    [Fact]
    public async Task Pages_that_are_damaged_are_a_failure_and_never_an_unknown_token()
    {
        await _store.AddTokensAsync([.. Enumerable.Range(0, 500).Select(i => Records.Full($"t-{i}"))]);
        await _store.DisposeAsync();
        await using var store = Open();
        await LoadAsync(store);
        // Under its hands: at start it would be refused by the first page that it reads.
        await using (var file = new FileStream(_database.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            // Everything behind the pages of the schema and the small tables.
            file.Position = 30 * 4096;
            file.Write(new byte[(int)(file.Length - file.Position)]);
        }
        var failures = 0;
        for (var i = 0; i < 500; i++)
        {
            try
            {
                (await store.FindAsync(TokenHash.Of($"t-{i}"), judge: false, CancellationToken.None)).Record.ShouldNotBeNull();
            }
            catch (StoreException)
            {
                failures++;
            }
        }
        failures.ShouldBeGreaterThan(0);
    }

    private SqliteTokenStore Open() => SqliteStores.Open(_folder.Path);

    private Task<StoreContents> LoadAsync(SqliteTokenStore store) => store.LoadAsync((rows, _, _) => _published.AddRange(rows), CancellationToken.None);

    private async Task<TokenRecord?> FindAsync(string token) => (await _store.FindAsync(TokenHash.Of(token), judge: false, CancellationToken.None)).Record;
}

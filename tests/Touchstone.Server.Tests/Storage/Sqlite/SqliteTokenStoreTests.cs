using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Sqlite;

namespace Touchstone.Server.Tests.Storage.Sqlite;

/// <summary>The contract on SQLite, and what only a file can do.</summary>
public sealed class SqliteTokenStoreTests : KeyStoreContract
{
    private readonly TempFolder _folder = new();

    private protected override ITokenStore Open() => SqliteStores.Open(_folder.Path);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void A_second_process_on_the_same_folder_is_refused_with_what_to_do()
    {
        var refused = Should.Throw<StoreException>(Open);
        refused.Message.ShouldBe($"Another touchstone process uses the data folder {_folder.Path}. Stop it first, or give this one a folder of its own with --data.");
    }

    [Fact]
    public async Task The_folder_is_free_again_when_the_store_is_closed()
    {
        await Store.DisposeAsync();
        DataFolder.Open(_folder.Path).Dispose();
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_and_left_as_it_is()
    {
        await Store.DisposeAsync();
        new Database(_folder.Path).Execute("PRAGMA user_version = 99");
        await using var store = Open();
        var refused = await Should.ThrowAsync<StoreException>(() => store.LoadAsync((_, _, _) => { }, CancellationToken.None));
        refused.Message.ShouldStartWith("The database is of schema 99, and this version of touchstone knows schemas up to ");
        new Database(_folder.Path).Scalar("PRAGMA user_version").ShouldBe(99L);
    }

    [Fact]
    public async Task L12_A_database_from_before_forgotten_rows_of_tokens_were_marked_says_that_any_may_be_forgotten()
    {
        await Store.AppendAsync([Records.Row(Selector.Grant("a")), Records.Row(Selector.Grant("b"))]);
        await Store.DisposeAsync();
        new Database(_folder.Path).Execute("ALTER TABLE head DROP COLUMN forgotten_tokens; ALTER TABLE tokens DROP COLUMN basis_issued_at; PRAGMA user_version = 9");
        await using var store = Open();
        (await store.LoadAsync((_, _, _) => { }, CancellationToken.None)).Marks.ForgottenTokens.ShouldBe(2);
    }

    [Fact]
    public void Data_and_folder_are_readable_by_their_owner_only()
    {
        if (OperatingSystem.IsWindows()) return;
        using var parent = new TempFolder();
        var folder = parent.File("new/deep");
        DataFolder.Open(folder).Dispose();
        File.GetUnixFileMode(folder).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_a_store_failure()
    {
        using var parent = new TempFolder();
        File.WriteAllText(parent.File("file"), "");
        Should.Throw<StoreException>(() => DataFolder.Open(parent.File("file/below"))).Message.ShouldStartWith("The data folder ");
    }

    [Fact]
    public void Every_commit_reaches_the_disk_before_it_is_acknowledged()
    {
        using var file = new TempFolder();
        using var held = DataFolder.Open(file.Path);
        using var connection = new SqliteFile(held).Connect(1024, isFirst: true);
        Sql.Scalar(connection, "PRAGMA synchronous").ShouldBe(2); // FULL
        Sql.Command(connection, "PRAGMA journal_mode").ExecuteScalar().ShouldBe("wal");
    }

    [Fact]
    public async Task A_write_before_loading_is_a_mistake_of_ours()
    {
        using var file = new TempFolder();
        await using var store = SqliteStores.Open(file.Path);
        await Should.ThrowAsync<InvalidOperationException>(() => store.SetAsync("a", "b"));
    }

    [Fact]
    public async Task I45_Hashes_stand_in_the_file_and_tokens_do_not()
    {
        const string Token = "at.this-very-token-must-not-be-found";
        await Store.AddTokensAsync([Records.Bare(Token)]);
        await Store.AppendAsync(Records.Row(Selector.Token(TokenHash.Of(Token))));
        await Store.DisposeAsync();
        var bytes = Directory.EnumerateFiles(_folder.Path).SelectMany(File.ReadAllBytes).ToArray();
        bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(Token)).ShouldBe(-1);
        bytes.AsSpan().IndexOf(TokenHash.Of(Token).ToArray()).ShouldBeGreaterThan(0);
    }
}

using System.Text.Json;
using Touchstone.Server.Startup;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Startup;

public sealed class BootstrapTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string AdminFile => _folder.File("admin.json");

    [Fact]
    public async Task The_first_start_writes_the_credentials_of_the_administrator_for_its_owner_only()
    {
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(AdminFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(AdminFile));
        json.RootElement.EnumerateObject().Select(member => member.Name).ShouldBe(["client_id", "client_secret"]);
        json.RootElement.GetProperty("client_id").GetString().ShouldBe("admin");
        json.RootElement.GetProperty("client_secret").GetString()!.ShouldMatch("^tst_cs_[A-Za-z0-9_-]{43}$");
        Directory.EnumerateFiles(_folder.Path, "*.tmp").ShouldBeEmpty();
        (await server.Admin.GetAsync("/admin/clients/admin")).Json.GetProperty("audience")[0].GetString().ShouldBe(TestServer.DefaultIssuer);
    }

    [Fact]
    public async Task A_restart_changes_nothing()
    {
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        var first = await File.ReadAllTextAsync(AdminFile);
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        (await File.ReadAllTextAsync(AdminFile)).ShouldBe(first);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_crash_between_file_and_row_leaves_credentials_that_hold_after_the_next_start()
    {
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        var credentials = TestServer.ReadAdmin(_folder.Path);
        new Database(_folder.Path).Execute("DELETE FROM clients");
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        server.AdminClient.ShouldBe(credentials);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"client_id":"admin"}""")]
    [InlineData("""{"client_id":null,"client_secret":"x"}""")]
    [InlineData("[]")]
    public async Task A_credentials_file_that_cannot_be_read_keeps_the_first_start_from_guessing(string text)
    {
        await CrashAsync(text);
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(data: _folder.Path));
        error.Message.ShouldStartWith($"{AdminFile} can't be read");
        error.Message.ShouldContain("touchstone admin recover");
        (await File.ReadAllTextAsync(AdminFile)).ShouldBe(text);
    }

    [Fact]
    public async Task A12_An_empty_secret_in_the_file_opens_nothing()
    {
        await CrashAsync("""{"client_id":"admin","client_secret":""}""");
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        (await server.OAuth.GrantAsync(new TestClient("admin", ""))).ShouldBeError(401, "invalid_client");
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("empty")]
    [InlineData("new")]
    public async Task A_database_that_was_lost_is_not_begun_anew(string how)
    {
        Assert.SkipWhen(TestStore.IsPostgres, "it is about SQLite's file");
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        foreach (var file in Directory.GetFiles(_folder.Path, "touchstone.db*")) File.Delete(file);
        var database = _folder.File("touchstone.db");
        if (how == "empty") await File.WriteAllBytesAsync(database, []);
        if (how == "new") new Database(_folder.Path).Execute("PRAGMA journal_mode = WAL");
        for (var i = 0; i < 2; i++)
        {
            var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(data: _folder.Path));
            error.Message.ShouldStartWith($"The database {database} is missing or empty");
        }
        File.Exists(database).ShouldBe(how != "missing");

        // As the message says.
        File.Move(AdminFile, AdminFile + ".old");
        foreach (var file in Directory.GetFiles(_folder.Path, "audit.*")) File.Delete(file);
        if (Directory.Exists(_folder.File("audit"))) Directory.Delete(_folder.File("audit"), recursive: true);
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task What_a_crash_left_of_a_temporary_file_is_no_hindrance()
    {
        await File.WriteAllTextAsync(AdminFile + ".tmp", "half a fi");
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
        File.Exists(AdminFile + ".tmp").ShouldBeFalse();
    }

    // A first start that ended between the file and the row.
    private async Task CrashAsync(string adminFile)
    {
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        new Database(_folder.Path).Execute("DELETE FROM clients");
        await File.WriteAllTextAsync(AdminFile, adminFile);
    }

    [Fact]
    public async Task Another_issuer_is_refused_with_what_to_do()
    {
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.Issuer = "https://new.acme.test", data: _folder.Path));
        error.IsUsage.ShouldBeTrue();
        var place = TestStore.IsPostgres ? "database" : "data folder";
        error.Message.ShouldBe(
            $"This {place} belongs to the issuer https://as.acme.test, and the server was started as https://new.acme.test. Start it with --issuer https://as.acme.test, or give the new issuer a {place} of its own.");
        await using var server = await TestServer.StartAsync(data: _folder.Path);
    }

    [Fact]
    public async Task With_the_demo_another_issuer_is_accepted_and_the_administrator_goes_with_it()
    {
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        await using (var server = await TestServer.StartAsync(options => (options.Issuer, options.Demo) = ("https://new.acme.test", true), data: _folder.Path))
        {
            (await server.Admin.GetAsync("/admin/clients/admin")).ShouldBeJson(200).Json.GetProperty("audience").GetRawText().ShouldBe("[\"https://new.acme.test\"]");
        }
        await using (var server = await TestServer.StartAsync(options => options.Issuer = "https://new.acme.test", data: _folder.Path))
        {
            (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task A_crash_between_the_new_issuer_and_its_administrator_is_mended_by_the_next_start()
    {
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        new Database(_folder.Path).Execute("UPDATE settings SET value = 'https://new.acme.test' WHERE name = 'issuer'");
        await using var server = await TestServer.StartAsync(options => options.Issuer = "https://new.acme.test", data: _folder.Path);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task L04_Everything_that_was_acknowledged_is_there_after_a_crash()
    {
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        var api = await server.Admin.AddClientAsync(new { client_id = "api", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        var app = await server.Admin.AddClientAsync(new { client_id = "app", kind = "client", audience = new[] { Acme.OrdersApi } });
        var off = await server.Admin.AddClientAsync(new { client_id = "off", kind = "client", audience = new[] { Acme.OrdersApi } });
        var (alive, dead, disabled) = (await server.OAuth.TokenOfAsync(app), await server.OAuth.TokenOfAsync(app), await server.OAuth.TokenOfAsync(off));
        await server.OAuth.RevokeAsync(dead, app);
        await server.Admin.ChangeAsync("off", "disable");
        var rotated = app with { Secret = (await server.Admin.ChangeAsync("app", "rotate-secret", new { overlap_seconds = 0 })).GetProperty("client_secret").GetString() };

        // The files as they lie on the disk while the server still runs: what kill -9 would leave.
        using var crashed = Database.Copy(_folder.Path);
        await using var next = await TestServer.StartAsync(data: crashed.Path, time: server.Time);
        (await next.OAuth.IntrospectAsync(alive, api)).ShouldBeActive();
        (await next.OAuth.IntrospectAsync(dead, api)).ShouldBeInactive();
        (await next.OAuth.IntrospectAsync(disabled, api)).ShouldBeInactive();
        (await next.OAuth.GrantAsync(app)).ShouldBeError(401, "invalid_client");
        (await next.OAuth.GrantAsync(rotated)).Status.ShouldBe(200);
        (await next.OAuth.GrantAsync(off)).ShouldBeError(401, "invalid_client");
    }
}

using Touchstone.Server.Startup;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Startup;

public sealed class AdminRecoverTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task New_credentials_hold_and_the_old_ones_with_their_tokens_are_dead()
    {
        var first = await TestServer.StartAsync(data: _folder.Path);
        var oldToken = await first.Admin.TokenAsync();
        var old = first.AdminClient;
        await first.DisposeAsync();

        (await ServerApp.RecoverAdminAsync(_folder.Path, TestStore.Connection(_folder.Path), CancellationToken.None)).ShouldBe(_folder.File("admin.json"));
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(_folder.File("admin.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await using var server = await TestServer.StartAsync(data: _folder.Path);
        server.AdminClient.Secret.ShouldNotBe(old.Secret);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
        (await server.OAuth.GrantAsync(old, ("scope", "touchstone:admin"))).ShouldBeError(401, "invalid_client");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/clients");
        request.Headers.Authorization = new("Bearer", oldToken);
        (await server.Admin.SendAsync(request)).ShouldBeProblem(401);
    }

    [Fact]
    public async Task An_administrator_that_was_disabled_is_enabled_again()
    {
        await using (var server = await TestServer.StartAsync(data: _folder.Path)) await server.Admin.ChangeAsync("admin", "disable");
        await ServerApp.RecoverAdminAsync(_folder.Path, TestStore.Connection(_folder.Path), CancellationToken.None);
        await using (var server = await TestServer.StartAsync(data: _folder.Path)) (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_administrator_that_is_gone_is_made_anew_for_the_issuer_of_the_folder()
    {
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        new Database(_folder.Path).Execute("DELETE FROM clients");
        File.Delete(_folder.File("admin.json"));
        await ServerApp.RecoverAdminAsync(_folder.Path, TestStore.Connection(_folder.Path), CancellationToken.None);
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_folder_in_use_and_a_folder_without_a_database_are_refused()
    {
        (await Should.ThrowAsync<StartupException>(() => ServerApp.RecoverAdminAsync(_folder.Path, TestStore.Connection(_folder.Path), CancellationToken.None))).Message
            .ShouldBe($"There is no touchstone database in {_folder.Path}. Name its data folder with --data; a node on PostgreSQL needs --postgres too, or the variable Touchstone__Postgres__Connection.");
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        var before = server.AdminClient;
        (await Should.ThrowAsync<StartupException>(() => ServerApp.RecoverAdminAsync(_folder.Path, TestStore.Connection(_folder.Path), CancellationToken.None))).Message.ShouldStartWith("Another touchstone process uses");
        TestServer.ReadAdmin(_folder.Path).ShouldBe(before);
    }

    [Fact]
    public async Task A_damaged_credentials_file_is_replaced()
    {
        await (await TestServer.StartAsync(data: _folder.Path)).DisposeAsync();
        await File.WriteAllTextAsync(_folder.File("admin.json"), "{");
        await ServerApp.RecoverAdminAsync(_folder.Path, TestStore.Connection(_folder.Path), CancellationToken.None);
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }
}

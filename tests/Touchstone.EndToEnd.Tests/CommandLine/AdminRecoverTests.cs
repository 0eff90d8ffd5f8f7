namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone admin recover</c>: a way back in, for whoever holds the folder and nobody else.</summary>
public sealed class AdminRecoverTests(SharedServer shared)
{
    [Fact]
    public async Task New_credentials_work_and_the_old_ones_end_with_every_token_they_got()
    {
        await using var server = await ServerProcess.StartAsync();
        var (old, oldToken) = (server.AdminClient, await server.Admin.TokenAsync());
        await server.TerminateAsync();

        var recovered = await Cli.Bare.RunAsync("admin", "recover", "--data", server.Data);

        recovered.ShouldEndWith(0);
        recovered.Output.ShouldContain("admin.json");
        server.AdminClient.Secret.ShouldNotBe(old.Secret);
        recovered.Output.ShouldNotContain(server.AdminClient.Secret!);
        File.GetUnixFileMode(Path.Combine(server.Data, "admin.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await server.RestartAsync();
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(401, "its token came from the old credentials");
        server.Admin.Forget();
        (await server.Admin.LookUpAsync(oldToken)).GetProperty("active").GetBoolean().ShouldBeFalse();
        (await server.OAuth.GrantAsync(old, ("scope", "touchstone:admin"))).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_lost_file_comes_back_and_json_names_it()
    {
        await using var server = await ServerProcess.StartAsync();
        await server.TerminateAsync();
        File.Delete(Path.Combine(server.Data, "admin.json"));

        var recovered = await Cli.Bare.RunAsync("admin", "recover", "--data", server.Data, "--json");

        recovered.ShouldEndWith(0);
        recovered.Json.GetProperty("admin_file").GetString().ShouldBe(Path.Combine(server.Data, "admin.json"));
        await server.RestartAsync();
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_disabled_administrator_is_let_in_again()
    {
        await using var server = await ServerProcess.StartAsync();
        (await Cli.For(server).RunAsync("client", "disable", "admin")).ShouldEndWith(0);
        (await Cli.For(server).RunAsync("client", "list")).ShouldEndWith(1);
        await server.TerminateAsync();

        (await Cli.Bare.RunAsync("admin", "recover", "--data", server.Data)).ShouldEndWith(0);

        await server.RestartAsync();
        (await Cli.For(server).RunAsync("client", "list")).ShouldEndWith(0);
    }

    [Fact]
    public async Task While_a_server_runs_it_is_refused_and_changes_nothing()
    {
        var before = await File.ReadAllTextAsync(Path.Combine(shared.Server.Data, "admin.json"));

        var result = await Cli.Bare.RunAsync("admin", "recover", "--data", shared.Server.Data);

        result.ShouldEndWith(1);
        result.ErrorLines.Length.ShouldBe(1);
        result.Error.ShouldContain("Another touchstone process uses the data folder");
        (await File.ReadAllTextAsync(Path.Combine(shared.Server.Data, "admin.json"))).ShouldBe(before);
    }

    [Fact]
    public async Task A_folder_without_a_database_is_named_and_stays_as_it_is()
    {
        using var folder = new TempFolder();

        var result = await Cli.Bare.RunAsync("admin", "recover", "--data", folder.Path);

        result.ShouldEndWith(1);
        result.Error.ShouldContain("--data");
        Directory.GetFileSystemEntries(folder.Path).ShouldBeEmpty();
    }
}

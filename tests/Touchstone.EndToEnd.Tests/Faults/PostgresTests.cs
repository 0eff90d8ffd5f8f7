namespace Touchstone.EndToEnd.Tests.Faults;

/// <summary>The real program on a real PostgreSQL: killed, and its database stopped and frozen under it.</summary>
public sealed class PostgresTests : IAsyncLifetime
{
    private const string Api = "https://api.demo.example";

    private PostgresServer? _postgres;
    private string _connection = "";

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        _postgres = await PostgresServer.StartAsync();
        _connection = await _postgres.CreateDatabaseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_postgres is not null) await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task L04_L06_What_was_acknowledged_survives_kill_9_and_a_database_that_is_gone_is_503_until_it_is_back()
    {
        await using var server = await StartAsync();
        var revoked = await server.Admin.IssueAsync(new { client_id = server.DemoClient.Id, aud = Api });
        (await server.OAuth.RevokeAsync(revoked, server.DemoClient)).Status.ShouldBe(200);

        await server.Kill9Async();
        await server.RestartAsync();
        (await server.OAuth.IsActiveAsync(revoked, server.DemoResourceServer)).ShouldBeFalse();
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();

        var unseen = await server.Admin.IssueAsync(new { client_id = server.DemoClient.Id, aud = Api });
        await _postgres!.StopAsync();
        await ShouldBe503Async(server.OAuth.RevokeAsync(server.DemoToken, server.DemoClient));
        await ShouldBe503Async(server.OAuth.IntrospectAsync(unseen, server.DemoResourceServer));
        (await server.OAuth.GetAsync("/health/ready")).Status.ShouldBe(503);
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        await _postgres.BeginAsync();
        (await server.OAuth.IsActiveAsync(unseen, server.DemoResourceServer)).ShouldBeTrue();

        _postgres.Freeze();
        await ShouldBe503Async(server.OAuth.RevokeAsync(unseen, server.DemoClient));
        _postgres.Thaw();
        await Until.TrueAsync(async () => (await server.OAuth.RevokeAsync(unseen, server.DemoClient)).Status == 200, "the database is asked again");
        (await server.OAuth.IsActiveAsync(unseen, server.DemoResourceServer)).ShouldBeFalse();

        (await server.TerminateAsync()).ShouldBe(0);
        server.Error.ShouldContain("The store is database test_");
        var verified = await Cli.Bare.With("Touchstone__Postgres__Connection", _connection).RunAsync("audit", "verify", "--data", server.Data);
        verified.Output.ShouldContain("Nothing was changed, removed or put in.");
        verified.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task The_administrator_is_recovered_when_no_server_uses_the_data_folder()
    {
        await using var server = await StartAsync();
        var recover = await Cli.Bare.RunAsync("admin", "recover", "--data", server.Data, "--postgres", _connection);
        recover.ExitCode.ShouldBe(1);
        (await server.TerminateAsync()).ShouldBe(0);
        recover = await Cli.Bare.RunAsync("admin", "recover", "--data", server.Data, "--postgres", _connection);
        recover.ExitCode.ShouldBe(0);
        await server.RestartAsync();
        server.Admin.Forget();
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task What_keeps_a_server_from_its_database_is_told_in_one_line_without_the_password()
    {
        var port = Ports.Take();
        foreach (var (connection, told) in ((string, string)[])
        [
            ($"Host=127.0.0.1;Port={port};Username=touchstone;Password=hush-4711", "The database can't be read: "),
            ("postgresql://touchstone:hush-4711@127.0.0.1:port/x", "Postgres:Connection: can't be read."),
            ($"{_connection}_gone;Password=hush-4711", "The database can't be read: "),
        ])
        {
            using var folder = new TempFolder();
            var serve = await Cli.Bare.With("Touchstone__Postgres__Connection", connection).RunAsync("serve", "--data", folder.File("data"));
            serve.ExitCode.ShouldNotBe(0);
            serve.ErrorLines.ShouldHaveSingleItem().ShouldContain(told);
            serve.Error.ShouldNotContain("hush-4711");
            var show = await Cli.Bare.With("Touchstone__Postgres__Connection", connection).RunAsync("config", "show");
            (show.Output + show.Error).ShouldNotContain("hush-4711");
            var help = await Cli.Bare.With("Touchstone__Postgres__Connection", connection).RunAsync("audit", "verify", "--help");
            help.Output.ShouldNotContain("hush-4711");
        }
    }

    private Dictionary<string, string?> Settings => new() { ["Touchstone__Postgres__Connection"] = _connection, ["Touchstone__Postgres__CommandTimeout"] = "1s" };

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(ServerSetup.Demo with { Environment = Settings });

    private static async Task ShouldBe503Async(Task<Answer> call)
    {
        var answer = await call;
        answer.Status.ShouldBe(503, answer.ToString());
        answer.Header("Retry-After").ShouldNotBeNull();
    }
}

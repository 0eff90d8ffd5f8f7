namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary>Where the administrator's credentials come from, and what is said when they are missing or wrong.</summary>
public sealed class CredentialsTests(SharedServer shared) : IDisposable
{
    private readonly TempFolder _folder = new();

    private Command Stranger => Cli.Bare with { Before = ["--server", shared.Server.Address.GetLeftPart(UriPartial.Authority), "--data", _folder.Path] };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_environment_wins_over_the_folder()
    {
        var admin = shared.Server.AdminClient;

        (await Stranger.With("TOUCHSTONE_CLIENT_ID", admin.Id).With("TOUCHSTONE_CLIENT_SECRET", admin.Secret).RunAsync("client", "list")).ShouldEndWith(0);

        var wrong = await shared.Cli.With("TOUCHSTONE_CLIENT_ID", admin.Id).With("TOUCHSTONE_CLIENT_SECRET", "wrong").RunAsync("client", "list");
        wrong.ShouldEndWith(1);
        wrong.Error.ShouldContain("the environment");
        wrong.Error.ShouldContain("win over --data");
    }

    [Fact]
    public async Task One_variable_without_the_other_is_a_usage_error()
    {
        (await shared.Cli.With("TOUCHSTONE_CLIENT_ID", "admin").RunAsync("client", "list")).ShouldEndWith(2);
        (await shared.Cli.With("TOUCHSTONE_CLIENT_SECRET", "x").RunAsync("client", "list")).ShouldEndWith(2);
    }

    [Fact]
    public async Task A_folder_without_credentials_says_what_to_do()
    {
        var result = await Stranger.RunAsync("client", "list");

        result.ShouldEndWith(2);
        result.Error.ShouldContain("admin.json");
        result.Error.ShouldContain("TOUCHSTONE_CLIENT_ID");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"client_id\":1,\"client_secret\":2}")]
    public async Task A_file_of_another_shape_says_what_to_do(string content)
    {
        await File.WriteAllTextAsync(_folder.File("admin.json"), content);

        var result = await Stranger.RunAsync("client", "list");

        result.ShouldEndWith(2);
        result.Error.ShouldContain("admin recover");
    }

    [Fact]
    public async Task A_client_without_the_admin_scope_is_refused()
    {
        var client = await shared.Server.Admin.AddClientAsync(SharedServer.Name("app"), "https://api.demo.example", "orders:read");

        var result = await Stranger.With("TOUCHSTONE_CLIENT_ID", client.Id).With("TOUCHSTONE_CLIENT_SECRET", client.Secret).RunAsync("client", "list", "--json");

        result.ShouldEndWith(1);
        result.ErrorJson.GetProperty("error").GetString().ShouldBe("invalid_scope");
    }
}

namespace Touchstone.EndToEnd.Tests.Concurrency;

/// <summary>Two administrators at two terminals.</summary>
public sealed class TwoAdministratorsTests(SharedServer shared)
{
    private const string Audience = "https://orders.example.com";

    [Fact]
    public async Task Of_two_who_add_the_same_name_one_wins_and_the_winner_s_secret_works()
    {
        string[] line = ["client", "add", SharedServer.Name("twin"), "--kind", "resource-server", "--audience", Audience, "--json"];

        var results = await Task.WhenAll(shared.Cli.RunAsync(line), shared.Cli.RunAsync(line));

        results.Select(result => result.ExitCode).Order().ShouldBe([0, 1]);
        var won = results.Single(result => result.ExitCode == 0).Json;
        results.Single(result => result.ExitCode == 1).ErrorJson.GetProperty("error").GetString().ShouldBe("conflict");
        (await shared.Server.OAuth.IntrospectAsync("x", new TestClient(line[2], won.GetProperty("client_secret").GetString()))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Of_two_rotations_at_once_both_count_one_after_the_other()
    {
        var first = await shared.Server.Admin.AddResourceServerAsync(SharedServer.Name("rs"), Audience);
        string[] line = ["client", "rotate-secret", first.Id, "--overlap", "1h", "--json"];

        var results = await Task.WhenAll(shared.Cli.RunAsync(line), shared.Cli.RunAsync(line));

        foreach (var result in results)
        {
            result.ShouldEndWith(0);
            var secret = result.Json.GetProperty("client_secret").GetString();
            (await shared.Server.OAuth.IntrospectAsync("x", first with { Secret = secret })).Status.ShouldBe(200);
        }
        // Two are valid at once, and these two are newer.
        (await shared.Server.OAuth.IntrospectAsync("x", first)).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Of_a_disable_and_a_rotation_at_once_neither_is_lost()
    {
        for (var i = 0; i < 3; i++)
        {
            var client = await shared.Server.Admin.AddResourceServerAsync(SharedServer.Name("rs"), Audience);

            var results = await Task.WhenAll(shared.Cli.RunAsync("client", "disable", client.Id), shared.Cli.RunAsync("client", "rotate-secret", client.Id, "--overlap", "0", "--json"));

            foreach (var result in results) result.ShouldEndWith(0);
            var rotated = client with { Secret = results[1].Json.GetProperty("client_secret").GetString() };
            (await shared.Server.OAuth.IntrospectAsync("x", rotated)).Status.ShouldBe(401, "disabled");
            (await shared.Cli.RunAsync("client", "enable", client.Id)).ShouldEndWith(0);
            (await shared.Server.OAuth.IntrospectAsync("x", rotated)).Status.ShouldBe(200);
            (await shared.Server.OAuth.IntrospectAsync("x", client)).Status.ShouldBe(401, "rotated away");
        }
    }
}

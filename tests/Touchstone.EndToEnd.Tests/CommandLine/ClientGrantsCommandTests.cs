using System.Text.RegularExpressions;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary>What tokens a client may be issued: given, and taken back.</summary>
public sealed class ClientGrantsCommandTests(SharedServer shared)
{
    [Fact]
    public async Task What_was_given_is_taken_back()
    {
        var id = SharedServer.Name("grants");
        (await shared.Cli.RunAsync("client", "add", id, "--kind", "client", "--grant-type", "client_credentials", "--authorization-details-type", "payment", "--exchange-target", "https://a.example", "--exchange-delegation", "--dpop-bound")).ShouldEndWith(0);

        (await SetAsync(id, "--no-exchange")).ShouldBe("""{"grant_types":["client_credentials"],"dpop_bound_access_tokens":true,"authorization_details_types":["payment"]}""");
        (await SetAsync(id, "--no-authorization-details", "--grant-type", "refresh_token")).ShouldBe("""{"grant_types":["refresh_token"],"dpop_bound_access_tokens":true}""");
        (await SetAsync(id, "--default")).ShouldBeNull();
    }

    [Fact]
    public async Task T05_A_refresh_token_nobody_could_use_is_not_issued()
    {
        var refused = await shared.Cli.RunAsync("token", "issue", "--client", "demo-app", "--subject", "alice", "--refresh");
        refused.ShouldEndWith(1);
        refused.Error.ShouldContain("refresh: this client may not use the grant refresh_token: add it to its grants.grant_types first");
    }

    [Fact]
    public async Task Times_of_grants_and_keys_are_told_as_times()
    {
        var id = SharedServer.Name("refreshed");
        (await shared.Cli.RunAsync("client", "add", id, "--kind", "client", "--public", "--grant-type", "refresh_token")).ShouldEndWith(0);
        var refresh = (await shared.Cli.RunAsync("token", "issue", "--client", id, "--subject", "alice", "--refresh", "--json")).Json.GetProperty("refresh_token").GetString()!;
        (await shared.Server.OAuth.RefreshAsync(refresh, new TestClient(id, null))).Status.ShouldBe(200);

        var shown = (await shared.Cli.RunAsync("token", "show", refresh)).Output;
        Time("grant_exp").IsMatch(shown).ShouldBeTrue(shown);
        shown.ShouldContain("\nuse\n");
        shown.ShouldContain("successor_sha256");
        (await shared.Cli.RunAsync("introspect", refresh, "--explain")).Output.ShouldContain("successor_sha256");
        var rotated = (await shared.Cli.RunAsync("keys", "rotate")).Output;
        Time("signs_from").IsMatch(rotated).ShouldBeTrue(rotated);
    }

    private static Regex Time(string member) => new($"{member} +[0-9]{{4}}-[0-9-]+T[0-9:]+Z \\(");

    private async Task<string?> SetAsync(string id, params string[] options)
    {
        var answer = await shared.Cli.RunAsync(["client", "set-grants", id, .. options, "--json"]);
        answer.ShouldEndWith(0);
        return answer.Json.TryGetProperty("grants", out var grants) ? grants.GetRawText() : null;
    }
}

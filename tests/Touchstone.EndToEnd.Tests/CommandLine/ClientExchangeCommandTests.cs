namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary>The policy of exchange of a client, given by command.</summary>
public sealed class ClientExchangeCommandTests(SharedServer shared)
{
    private const string Orders = "https://orders.example.com", Stock = "https://stock.example.com";

    [Fact]
    public async Task X10_A_policy_is_given_at_registration_and_replaced_whole_later()
    {
        var id = SharedServer.Name("app");
        string[] add = ["client", "add", id, "--kind", "client", "--scope", "stock:read", "--exchange-subject-audience", Orders, "--exchange-subject-issuer", "https://idp.example.com", "--exchange-impersonation", "--json"];
        (await shared.Cli.RunAsync(add)).ShouldEndWith(1); // No target.

        var added = await shared.Cli.RunAsync([.. add, "--exchange-target", Stock, "--exchange-target", Orders]);
        added.ShouldEndWith(0);
        added.Json.GetProperty("grants").GetProperty("token_exchange").GetRawText().ShouldBe(
            $$"""{"targets":["{{Stock}}","{{Orders}}"],"impersonation":true,"delegation":false,"subject_audiences":["{{Orders}}"],"subject_issuers":["https://idp.example.com"]}""");

        var changed = await shared.Cli.RunAsync("client", "set-grants", id, "--exchange-target", Stock, "--exchange-subject-audience", Orders, "--exchange-impersonation", "--json");
        changed.ShouldEndWith(0);
        changed.Json.GetProperty("grants").GetProperty("token_exchange").GetRawText().ShouldBe($$"""{"targets":["{{Stock}}"],"impersonation":true,"delegation":false,"subject_audiences":["{{Orders}}"]}""");

        // And the server holds the client to it.
        var client = new TestClient(id, added.Json.GetProperty("client_secret").GetString());
        var token = await shared.Server.Admin.IssueAsync(new { client_id = "demo-app", sub = "alice", scope = "stock:read", aud = Orders });
        (string, string)[] form = [("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", token), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")];
        (await shared.Server.OAuth.PostAsync(OAuthCalls.Token, client, form)).Status.ShouldBe(200);
        (await shared.Server.OAuth.PostAsync(OAuthCalls.Token, client, [.. form, ("resource", Orders)])).Json.GetProperty("error").GetString().ShouldBe("invalid_target");
    }
}

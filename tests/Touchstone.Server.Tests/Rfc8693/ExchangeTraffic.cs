namespace Touchstone.Server.Tests.Rfc8693;

/// <summary>One exchange for each reason that there is: of the subject's token, of the actor's, and of the rest.</summary>
internal sealed class ExchangeTraffic(Acme acme)
{
    private static readonly string[] Faults = ["unknown", "revoked", "expired", "not_yet_valid", "kind", "form", "issuer", "client", "key", "nobody", "disabled", "tenant"];

    private int _count;

    internal async Task SendAsync()
    {
        var app = await AddAsync("exchanger", impersonation: true, delegation: true);
        await acme.Admin.PostAsync("/admin/subjects/disable", new { sub = "u-off" });
        var (subject, actor) = (await IssueAsync("warehouse"), await IssueAsync(app.Id));
        await AskAsync(app, subject);
        await AskAsync(app, subject, ("scope", "no"));
        await AskAsync(app, subject, ActorOf(actor));
        foreach (var fault in Faults)
        {
            // A token declared as a JWT has to look like one.
            var type = fault == "form" ? Exchanges.Jwt : Exchanges.AccessToken;
            await acme.OAuth.PostAsync(OAuthCalls.Token, app, ("grant_type", Exchanges.Grant), ("subject_token", await SpoiltAsync(fault, "warehouse")), ("subject_token_type", type));
            await AskAsync(app, subject, ("actor_token", await SpoiltAsync(fault, app.Id)), ("actor_token_type", type));
        }
        await AskAsync(app, subject, ActorOf(await IssueAsync(app.Id, act: new { sub = "x" })));
        await AskAsync(app, await IssueAsync("warehouse", claims: new { may_act = new { sub = "x" } }));
        await AskAsync(app, await IssueAsync("warehouse", act: new { act = new { act = new { act = new { act = new { act = new { act = new { act = new { } } } } } } } }), ActorOf(actor));
        await AskAsync(app, await IssueAsync("warehouse", ancestors: [.. Enumerable.Range(0, 16).Select(i => i.ToString("x64", System.Globalization.CultureInfo.InvariantCulture))]));
        await AskAsync(await AddAsync("only-delegates", impersonation: false, delegation: true), subject);
        await AskAsync(await AddAsync("only-impersonates", impersonation: true, delegation: false), subject, ActorOf(actor));
    }

    private static (string, string)[] ActorOf(string token) => [("actor_token", token), ("actor_token_type", Exchanges.AccessToken)];

    private Task<Answer> AskAsync(TestClient client, string subject, params (string, string)[] more) => Exchanges.ExchangeAsync(acme.OAuth, client, subject, more);

    private Task<TestClient> AddAsync(string id, bool impersonation, bool delegation) => acme.Admin.AddClientAsync(new
    {
        client_id = id, kind = "client", scope = "orders:read", tenant = "north",
        grants = new { token_exchange = Exchanges.Policy(impersonation, delegation, [Acme.BillingApi], [TestServer.DefaultIssuer, Exchanges.Foreign]) },
    });

    private async Task<string> SpoiltAsync(string fault, string client)
    {
        switch (fault)
        {
            case "unknown": return "unknown";
            case "revoked":
                var revoked = await IssueAsync(client);
                await acme.Admin.RevokeAsync(revoked);
                return revoked;
            case "expired":
                var expired = await IssueAsync(client, expires: 1);
                acme.Time.AdvanceSeconds(1);
                return expired;
            case "not_yet_valid": return await IssueAsync(client, notBefore: acme.Time.Seconds + 100);
            case "kind":
                await acme.Admin.ChangeAsync(client, "grants", """{"grant_types":["client_credentials","refresh_token"]}""");
                return await IssueAsync(client, kind: "refresh_token");
            case "issuer": return await IssueAsync(client, issuer: "https://third.acme.test");
            case "client": return await IssueAsync("mute", audience: "https://other.acme.test/");
            case "key": return await IssueAsync(client, cnf: new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
            case "nobody": return await IssueAsync(client, subject: null);
            case "disabled": return await IssueAsync(client, issuer: Exchanges.Foreign, subject: "u-off"); // Disabled under our name, which the new token would have.
            case "tenant": return await IssueAsync(client, tenant: "south");
            default: return await IssueAsync(client);
        }
    }

    private Task<string> IssueAsync(
        string client, string? subject = "u-1", string? kind = null, string? issuer = null, string? audience = null, long expires = 3000, long? notBefore = null, string? tenant = "north",
        object? cnf = null, object? act = null, object? claims = null, string[]? ancestors = null) => acme.Admin.IssueAsync(new
        {
            token = issuer is null ? null : $"of-another-issuer-{_count++}", iss = issuer, client_id = client, sub = subject, kind, scope = "orders:read", aud = audience ?? Acme.OrdersApi, expires_in = expires, nbf = notBefore, tenant,
            cnf, act, claims, ancestors,
        });
}

namespace Touchstone.Server.Tests.Rfc8693;

/// <summary>What a client may exchange is what is registered: nothing where nothing is.</summary>
public sealed class ExchangePolicyTests(Exchanges exchanges) : IClassFixture<Exchanges>
{
    [Fact]
    public async Task X10_Without_a_policy_there_is_no_exchange()
    {
        var subject = await exchanges.SubjectAsync();
        (await exchanges.ExchangeAsync(exchanges.Acme.Shop, subject)).ShouldBeError(400, "unauthorized_client");
        (await exchanges.ExchangeAsync(exchanges.Acme.Spa, subject)).ShouldBeError(400, "unauthorized_client");
        (await exchanges.ExchangeAsync(exchanges.Acme.Orders, subject)).ShouldBeError(400, "unauthorized_client");
        (await exchanges.ExchangeAsync(null, subject)).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task X10_A_policy_allows_exchange_whatever_the_grant_types_say()
    {
        var left = await exchanges.AddAppAsync("left-out", Exchanges.Policy(), grants: ["client_credentials"]);
        (await exchanges.ExchangeAsync(left, await exchanges.SubjectAsync())).Status.ShouldBe(200);
        (await exchanges.Acme.OAuth.GrantAsync(left)).Status.ShouldBe(200);
        var only = await exchanges.AddAppAsync("only-exchange", Exchanges.Policy(), grants: []);
        (await exchanges.ExchangeAsync(only, await exchanges.SubjectAsync())).Status.ShouldBe(200);
        (await exchanges.Acme.OAuth.GrantAsync(only)).ShouldBeError(400, "unauthorized_client");
    }

    [Fact]
    public async Task X10_A_policy_leaves_the_other_grants_as_they_were() => (await exchanges.Acme.OAuth.GrantAsync(exchanges.App)).Status.ShouldBe(200);

    [Fact]
    public async Task X10_Impersonation_and_delegation_are_allowed_one_by_one()
    {
        var (subject, takes, names) = (await exchanges.SubjectAsync(), await exchanges.AddAppAsync("takes", Exchanges.Policy(delegation: false)), await exchanges.AddAppAsync("names", Exchanges.Policy(impersonation: false)));
        (await exchanges.ExchangeAsync(takes, subject)).Status.ShouldBe(200);
        (await exchanges.ExchangeAsync(takes, subject, await ActorOfAsync("takes"))).ShouldBeError(400, "unauthorized_client", "This client may not name an actor.");
        (await exchanges.ExchangeAsync(names, subject)).ShouldBeError(400, "unauthorized_client", "This client may not exchange a token without naming an actor.");
        (await exchanges.ExchangeAsync(names, subject, await ActorOfAsync("names"))).Status.ShouldBe(200);

        async Task<(string, string)[]> ActorOfAsync(string client) => [("actor_token", await exchanges.Admin.IssueAsync(new { client_id = client, sub = client })), ("actor_token_type", Exchanges.AccessToken)];
    }

    [Fact]
    public async Task X10_A_subject_token_is_the_clients_own_or_for_an_audience_that_it_acts_for()
    {
        var bare = await exchanges.AddAppAsync("bare", Exchanges.Policy(audiences: []));
        (await exchanges.ExchangeAsync(bare, await exchanges.SubjectAsync())).ShouldBeError(400, "invalid_request");
        (await exchanges.ExchangeAsync(bare, await exchanges.Admin.IssueAsync(new { client_id = "bare", sub = "u-1", scope = "stock:read" }))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task X10_F10_Another_issuers_subject_needs_to_be_allowed_and_is_told_apart()
    {
        var both = await exchanges.AddAppAsync("both", Exchanges.Policy(issuers: [TestServer.DefaultIssuer, Exchanges.Foreign]));
        var foreign = await exchanges.Admin.IssueAsync(new { token = "of-another-issuer", iss = Exchanges.Foreign, client_id = "web-shop", sub = "u-4821", scope = "stock:read", aud = Acme.OrdersApi, expires_in = 60 });
        (await exchanges.ExchangeAsync(exchanges.App, foreign)).ShouldBeError(400, "invalid_request");
        var seen = await exchanges.SeenAsync(await exchanges.ExchangeAsync(both, foreign));
        (seen.GetProperty("iss").GetString(), seen.GetProperty("sub").GetString(), seen.GetProperty("sub_iss").GetString()).ShouldBe((TestServer.DefaultIssuer, "u-4821", Exchanges.Foreign));
        (await exchanges.SeenAsync(await exchanges.ExchangeAsync(both, await exchanges.SubjectAsync()))).TryGetProperty("sub_iss", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task X10_F10_A_client_of_another_issuer_is_not_ours_of_the_same_name()
    {
        var app = await exchanges.AddAppAsync("same-name", Exchanges.Policy(issuers: [Exchanges.Foreign, TestServer.DefaultIssuer], audiences: []));
        await IssueAsync("of its namesake", Exchanges.StockApi);
        (await exchanges.ExchangeAsync(app, "of its namesake")).ShouldBeError(400, "invalid_request");
        await IssueAsync("of an actor", Acme.OrdersApi);
        var own = await exchanges.Admin.IssueAsync(new { client_id = "same-name", sub = "u-1", scope = "stock:read" });
        (await exchanges.ExchangeAsync(app, own, ("actor_token", "of an actor"), ("actor_token_type", Exchanges.AccessToken))).ShouldBeError(400, "invalid_request");
        // Who brings tokens of other issuers is registered for what they are for.
        await exchanges.Admin.ChangeAsync("same-name", "grants", new { token_exchange = Exchanges.Policy(issuers: [Exchanges.Foreign, TestServer.DefaultIssuer]) });
        var seen = await exchanges.SeenAsync(await exchanges.ExchangeAsync(app, own, ("actor_token", "of an actor"), ("actor_token_type", Exchanges.AccessToken)));
        seen.GetProperty("act").GetRawText().ShouldBe($$"""{"sub":"u-2","iss":"{{Exchanges.Foreign}}","client_id":"same-name"}""");

        Task<string> IssueAsync(string token, string aud) => exchanges.Admin.IssueAsync(new { token, iss = Exchanges.Foreign, client_id = "same-name", sub = "u-2", scope = "stock:read", aud, expires_in = 600 });
    }

    [Fact]
    public async Task X06_X08_F10_Who_acted_and_may_act_by_another_issuers_word_is_named_with_it()
    {
        var app = await exchanges.AddAppAsync("acts", Exchanges.Policy(issuers: [Exchanges.Foreign, TestServer.DefaultIssuer]));
        await IssueAsync("acted", new { act = new { sub = "billing-svc", client_id = "billing-svc" } });
        (await exchanges.SeenAsync(await exchanges.ExchangeAsync(app, "acted"))).GetProperty("act").GetRawText().ShouldBe($$"""{"iss":"{{Exchanges.Foreign}}","sub":"billing-svc","client_id":"billing-svc"}""");

        await IssueAsync("may be acted for", new { claims = new { may_act = new { sub = "helpdesk" } } });
        var ours = await exchanges.Admin.IssueAsync(new { client_id = "acts", sub = "helpdesk", scope = "stock:read" });
        await IssueAsync("another client's", new { sub = "helpdesk" });
        await IssueAsync("theirs", new { sub = "helpdesk", client_id = "acts" });
        (await ExchangeAsync(ours)).ShouldBeError(400, "invalid_request");
        (await ExchangeAsync("another client's")).ShouldBeError(400, "invalid_request");
        var record = await exchanges.RecordAsync(await ExchangeAsync("theirs"));
        record.GetProperty("claims").GetProperty("may_act").GetRawText().ShouldBe($$"""{"sub":"helpdesk","iss":"{{Exchanges.Foreign}}"}""");

        Task<Answer> ExchangeAsync(string actor) => exchanges.ExchangeAsync(app, "may be acted for", ("actor_token", actor), ("actor_token_type", Exchanges.AccessToken));

        Task<string> IssueAsync(string token, object more)
        {
            var body = System.Text.Json.JsonSerializer.SerializeToNode(new { token, iss = Exchanges.Foreign, client_id = "idp-client", sub = "alice", scope = "stock:read", aud = Acme.OrdersApi, expires_in = 600 })!.AsObject();
            foreach (var (name, value) in System.Text.Json.JsonSerializer.SerializeToNode(more)!.AsObject()) body[name] = value?.DeepClone();
            return exchanges.Admin.IssueAsync(body);
        }
    }

    [Fact]
    public async Task F10_L12_A_foreign_name_stays_foreign_however_often_it_is_exchanged()
    {
        var both = await exchanges.AddAppAsync("chain", Exchanges.Policy(targets: [Exchanges.StockApi, Acme.OrdersApi], issuers: [TestServer.DefaultIssuer, Exchanges.Foreign]));
        var foreign = await exchanges.Admin.IssueAsync(new { token = "first of a chain", iss = Exchanges.Foreign, client_id = "web-shop", sub = "u-chain", scope = "stock:read", aud = Acme.OrdersApi, expires_in = 60 });
        var first = Exchanges.Token(await exchanges.ExchangeAsync(both, foreign, ("resource", Acme.OrdersApi)));
        (await exchanges.ExchangeAsync(both, first, ("resource", Exchanges.StockApi))).Status.ShouldBe(200);
        // Whose policy names our issuer alone does not get it as ours.
        (await exchanges.ExchangeAsync(exchanges.App, first)).ShouldBeError(400, "invalid_request");

        // And who is disabled under that name is so here: also where no row names the token.
        (await exchanges.Admin.PostAsync("/admin/subjects/disable", new { sub = "u-chained", iss = Exchanges.Foreign })).Status.ShouldBe(200);
        var named = await exchanges.Admin.IssueAsync(new { client_id = "chain", sub = "u-chained", scope = "stock:read", claims = new { sub_iss = Exchanges.Foreign } });
        (await exchanges.ExchangeAsync(both, named, ("resource", Exchanges.StockApi))).ShouldBeError(400, "invalid_request");
        var other = await exchanges.Admin.IssueAsync(new { client_id = "chain", sub = "u-other", scope = "stock:read", claims = new { sub_iss = Exchanges.Foreign } });
        (await exchanges.ExchangeAsync(both, other, ("resource", Exchanges.StockApi))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task X10_Tenants_do_not_mix()
    {
        var north = await exchanges.AddAppAsync("north-app", Exchanges.Policy(), tenant: "north");
        (await exchanges.ExchangeAsync(north, await SubjectOfAsync("south"))).ShouldBeError(400, "invalid_request");
        (await exchanges.RecordAsync(await exchanges.ExchangeAsync(north, await SubjectOfAsync("north")))).GetProperty("tenant").GetString().ShouldBe("north");
        (await exchanges.RecordAsync(await exchanges.ExchangeAsync(exchanges.App, await SubjectOfAsync("south")))).GetProperty("tenant").GetString().ShouldBe("south");

        Task<string> SubjectOfAsync(string tenant) => exchanges.Admin.IssueAsync(new { client_id = "web-shop", sub = "u-1", scope = "stock:read", aud = Acme.OrdersApi, tenant });
    }

    [Theory]
    [InlineData("resource", "/stock")] // U-20
    [InlineData("resource", "stock.acme.test")]
    [InlineData("resource", Exchanges.StockApi + "#x")] // U-21
    [InlineData("resource", "https://unknown.acme.test/")] // U-22
    [InlineData("resource", Acme.OrdersApi)] // Known, and not for this client.
    [InlineData("resource", "rs-stock")]
    [InlineData("audience", "nobody")]
    [InlineData("audience", "rs-orders")]
    [InlineData("audience", "web-shop")]
    [InlineData("audience", Acme.OrdersApi)]
    [InlineData("audience", "\0")]
    public async Task X03_X22_U20_U21_U22_Every_fault_of_a_target_is_invalid_target(string parameter, string value)
    {
        var subject = await exchanges.SubjectAsync();
        (await exchanges.ExchangeAsync(exchanges.App, subject, (parameter, value))).ShouldBeError(400, "invalid_target", "The resource is malformed, unknown, or not for this client.");
        (await exchanges.ExchangeAsync(exchanges.App, subject, ("resource", Exchanges.StockApi), (parameter, value))).ShouldBeError(400, "invalid_target");
    }

    [Fact]
    public async Task X03_C13_Resource_and_audience_may_repeat_and_be_combined()
    {
        var many = await exchanges.AddAppAsync("many", Exchanges.Policy(targets: [Exchanges.StockApi, Acme.BillingApi]));
        var subject = await exchanges.SubjectAsync();
        (await exchanges.ExchangeAsync(many, subject)).ShouldBeError(400, "invalid_target"); // Which one?
        (await exchanges.SeenAsync(await exchanges.ExchangeAsync(many, subject, ("audience", "rs-stock")))).GetProperty("aud").GetString().ShouldBe(Exchanges.StockApi);
        (await exchanges.SeenAsync(await exchanges.ExchangeAsync(many, subject, ("audience", Exchanges.StockApi)))).GetProperty("aud").GetString().ShouldBe(Exchanges.StockApi);
        var all = await exchanges.SeenAsync(await exchanges.ExchangeAsync(many, subject, ("audience", "rs-stock"), ("resource", Acme.BillingApi), ("audience", "rs-billing"), ("resource", Exchanges.StockApi)));
        all.GetProperty("aud").EnumerateArray().Select(item => item.GetString()).ShouldBe([Acme.BillingApi, Exchanges.StockApi], ignoreOrder: true);
    }

    [Fact]
    public async Task X03_A_disabled_resource_server_is_no_audience()
    {
        await exchanges.Admin.AddClientAsync(new { client_id = "rs-closed", kind = "resource-server", audience = new[] { "https://closed.acme.test/" } });
        var closed = await exchanges.AddAppAsync("closed-app", Exchanges.Policy(targets: ["https://closed.acme.test/"]));
        (await exchanges.ExchangeAsync(closed, await exchanges.SubjectAsync(), ("audience", "rs-closed"))).Status.ShouldBe(200);
        await exchanges.Admin.ChangeAsync("rs-closed", "disable");
        (await exchanges.ExchangeAsync(closed, await exchanges.SubjectAsync(), ("audience", "rs-closed"))).ShouldBeError(400, "invalid_target");
    }

    [Fact]
    public async Task X10_A_policy_is_judged_when_it_is_registered_and_changed_whole()
    {
        var wrong = await exchanges.Admin.PostAsync(AdminCalls.Clients, new
        {
            client_id = "wrong", kind = "client", grants = new { token_exchange = new { targets = new[] { "stock", "https://a.test/#x" }, subject_issuers = new[] { "idp" }, subject_audiences = new[] { "orders" } } },
        });
        var faults = wrong.ShouldBeProblem(400).GetRawText();
        foreach (var member in (string[])["allow impersonation, delegation or both", "'stock'", "'https://a.test/#x'", "'idp'", "'orders'"]) faults.ShouldContain(member.Replace("'", "\\u0027", StringComparison.Ordinal));
        (await exchanges.Admin.PostAsync(AdminCalls.Clients, new { client_id = "wrong", kind = "client", grants = new { token_exchange = new { impersonation = true } } })).ShouldBeProblem(400).GetRawText().ShouldContain("name 1 to 64 resources");
        (await exchanges.Admin.PostAsync(AdminCalls.Clients, new { client_id = "wrong", kind = "client", @public = true, grants = new { token_exchange = Exchanges.Policy() } })).ShouldBeProblem(400);
        (await exchanges.Admin.PostAsync(AdminCalls.Clients, new { client_id = "wrong", kind = "client", grants = new { token_exchange = new { impersonation = true, may_exceed = true } } })).ShouldBeProblem(400);

        var changed = await exchanges.AddAppAsync("changed", Exchanges.Policy(audiences: [Acme.OrdersApi, Acme.BillingApi]));
        var shown = await exchanges.Admin.ChangeAsync("changed", "grants", new { token_exchange = new { targets = new[] { Acme.BillingApi }, delegation = true } });
        shown.GetProperty("grants").GetProperty("token_exchange").GetRawText().ShouldBe($$"""{"targets":["{{Acme.BillingApi}}"],"impersonation":false,"delegation":true}""");
        (await exchanges.ExchangeAsync(changed, await exchanges.SubjectAsync())).ShouldBeError(400, "unauthorized_client");
    }
}

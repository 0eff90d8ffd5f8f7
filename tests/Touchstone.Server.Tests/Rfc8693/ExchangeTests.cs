namespace Touchstone.Server.Tests.Rfc8693;

public sealed class ExchangeTests(Exchanges exchanges) : IClassFixture<Exchanges>
{
    private const string NotAcceptable = "The subject token or the actor token is not acceptable.";

    [Fact]
    public async Task X01_C14_The_whole_answer_without_a_refresh_token()
    {
        var answer = await exchanges.ExchangeAsync(exchanges.App, await exchanges.SubjectAsync());
        var json = answer.ShouldBeJson(200).Json;
        json.EnumerateObject().Select(member => member.Name).ShouldBe(["access_token", "issued_token_type", "token_type", "expires_in", "scope"]);
        json.GetProperty("issued_token_type").GetString().ShouldBe(Exchanges.AccessToken);
        json.GetProperty("token_type").GetString().ShouldBe("Bearer");
        json.GetProperty("expires_in").GetInt64().ShouldBe(600);
        json.GetProperty("scope").GetString().ShouldBe("orders:read stock:read");
        answer.Header("Cache-Control").ShouldBe("no-store");
    }

    [Fact]
    public async Task X09_X24_The_token_is_the_subjects_for_the_new_target_alone()
    {
        var subject = await exchanges.SubjectAsync();
        var answer = await exchanges.ExchangeAsync(exchanges.App, subject, ("resource", Exchanges.StockApi), ("scope", "stock:read"), ("requested_token_type", Exchanges.AccessToken));
        var json = await exchanges.SeenAsync(answer);
        foreach (var (name, value) in ((string, string)[])[("sub", "u-4821"), ("username", "Ada"), ("client_id", "orders-app"), ("scope", "stock:read"), ("aud", Exchanges.StockApi), ("iss", TestServer.DefaultIssuer)])
            json.GetProperty(name).GetString().ShouldBe(value);
        json.TryGetProperty("act", out _).ShouldBeFalse();
        (await exchanges.Acme.OAuth.IntrospectAsync(Exchanges.Token(answer), exchanges.Acme.Orders)).ShouldBeInactive();
        (await exchanges.Acme.OAuth.IntrospectAsync(subject, exchanges.Stock)).ShouldBeInactive();
        (await exchanges.Acme.OAuth.IntrospectAsync(subject, exchanges.Acme.Orders)).ShouldBeActive(); // as good as it was.
        var record = await exchanges.RecordAsync(answer);
        (record.GetProperty("session").GetString(), record.GetProperty("grant").GetString()).ShouldBe(("s-1", "g-1"));
    }

    [Fact]
    public async Task X10_It_lives_no_longer_than_any_token_that_it_is_made_from()
    {
        (await exchanges.ExchangeAsync(exchanges.App, await exchanges.SubjectAsync(expiresIn: 86_400))).Json.GetProperty("expires_in").GetInt64().ShouldBe(3600);
        (await exchanges.DelegateAsync(await exchanges.SubjectAsync(), await exchanges.ActorAsync(expiresIn: 60))).Json.GetProperty("expires_in").GetInt64().ShouldBe(60);
    }

    [Theory]
    [InlineData("subject_token", "The parameter subject_token is missing.")]
    [InlineData("subject_token_type", "The parameter subject_token_type is missing.")]
    [InlineData("actor_token_type", "The parameter actor_token_type is missing.")]
    [InlineData("actor_token", "There is an actor_token_type and no actor_token.")]
    public async Task X02_X21_What_is_missing_is_invalid_request(string missing, string description)
    {
        var (subject, actor) = (await exchanges.SubjectAsync(), await exchanges.ActorAsync());
        (string, string)[] all = [("grant_type", Exchanges.Grant), ("subject_token", subject), ("subject_token_type", Exchanges.AccessToken), ("actor_token", actor), ("actor_token_type", Exchanges.AccessToken)];
        (await PostAsync(all)).Status.ShouldBe(200);
        (await PostAsync([.. all.Where(field => field.Item1 != missing)])).ShouldBeError(400, "invalid_request", description);
        (await PostAsync([.. all.Where(field => field.Item1 != missing), (missing, "")])).ShouldBeError(400, "invalid_request", description);
        (await PostAsync([.. all, .. all.Where(field => field.Item1 == missing)])).ShouldBeError(400, "invalid_request");
    }

    [Theory]
    [InlineData("refresh_token")]
    [InlineData("id_token")]
    [InlineData("saml1")]
    [InlineData("saml2")]
    [InlineData("ACCESS_TOKEN")]
    [InlineData("x")]
    public async Task X02_X04_L09_Other_types_are_not_taken_and_not_given(string type)
    {
        type = "urn:ietf:params:oauth:token-type:" + type;
        var (subject, actor) = (await exchanges.SubjectAsync(), await exchanges.ActorAsync());
        (await PostAsync(("grant_type", Exchanges.Grant), ("subject_token", subject), ("subject_token_type", type)))
            .ShouldBeError(400, "invalid_request", "As subject_token_type this server takes urn:ietf:params:oauth:token-type:access_token and urn:ietf:params:oauth:token-type:jwt.");
        (await exchanges.ExchangeAsync(exchanges.App, subject, ("actor_token", actor), ("actor_token_type", type))).ShouldBeError(400, "invalid_request");
        (await exchanges.ExchangeAsync(exchanges.App, subject, ("requested_token_type", type))).ShouldBeError(400, "invalid_request");
    }

    [Fact]
    public async Task X04_A_token_declared_as_a_JWT_has_to_be_one_and_to_be_registered()
    {
        const string Token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1LTQ4MjEifQ.c2ln";
        (string, string)[] form = [("grant_type", Exchanges.Grant), ("subject_token", Token), ("subject_token_type", Exchanges.Jwt)];
        (await PostAsync(form)).ShouldBeError(400, "invalid_request", NotAcceptable); // Nobody registered it: what it says of itself proves nothing here.
        await exchanges.Admin.IssueAsync(new { token = Token, iss = TestServer.DefaultIssuer, client_id = "web-shop", sub = "u-4821", scope = "stock:read", aud = Acme.OrdersApi, expires_in = 60 });
        (await PostAsync(form)).Status.ShouldBe(200);
        (await exchanges.ExchangeAsync(exchanges.App, Token)).Status.ShouldBe(200); // It is an access token as well.
        (await PostAsync(("grant_type", Exchanges.Grant), ("subject_token", await exchanges.SubjectAsync()), ("subject_token_type", Exchanges.Jwt))).ShouldBeError(400, "invalid_request", NotAcceptable);
    }

    [Fact]
    public async Task X02_X20_Every_fault_of_a_token_looks_the_same_and_only_log_and_metrics_tell()
    {
        var (good, actor) = (await exchanges.SubjectAsync(), await exchanges.ActorAsync());
        var expired = await exchanges.SubjectAsync(expiresIn: 1);
        exchanges.Acme.Time.Advance(TimeSpan.FromSeconds(1));
        var revoked = await exchanges.SubjectAsync();
        await exchanges.Admin.RevokeAsync(revoked);
        var (ofAnother, bound) = (await IssueAsync(new { client_id = "web-shop", sub = "u", scope = "stock:read", aud = Acme.BillingApi }), await IssueAsync(new { client_id = "web-shop", sub = "u", scope = "stock:read", aud = Acme.OrdersApi, cnf = new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }));
        var refresh = await IssueAsync(new { client_id = "web-shop", kind = "refresh_token", sub = "u", scope = "stock:read", aud = Acme.OrdersApi });
        var (nobody, foreign) = (await IssueAsync(new { client_id = "web-shop", scope = "stock:read", aud = Acme.OrdersApi }), await IssueAsync(new { token = "foreign-1", iss = Exchanges.Foreign, client_id = "web-shop", sub = "u", scope = "stock:read", aud = Acme.OrdersApi, expires_in = 60 }));
        var later = await IssueAsync(new { client_id = "web-shop", sub = "u", scope = "stock:read", aud = Acme.OrdersApi, nbf = exchanges.Acme.Time.Seconds + 60 });
        (string Token, string Reason)[] faults =
        [
            ("unknown", "unknown"), (good[..^1] + "!", "unknown"), (expired, "expired"), (revoked, "revoked"), (ofAnother, "client"), (bound, "key"), (refresh, "kind"), (nobody, "nobody"), (foreign, "issuer"), (later, "not_yet_valid"),
        ];
        foreach (var (token, reason) in faults)
        {
            (await exchanges.ExchangeAsync(exchanges.App, token)).ShouldBeError(400, "invalid_request", NotAcceptable);
            exchanges.Server.Logs.Lines.ShouldContain(line => line.Text.Contains($"orders-app was refused an exchange: subject_{reason};"), reason);
            (await exchanges.DelegateAsync(good, token)).ShouldBeError(400, "invalid_request", NotAcceptable);
            exchanges.Server.Logs.Lines.ShouldContain(line => line.Text.Contains($"orders-app was refused an exchange: actor_{reason};"), reason);
        }
        (await exchanges.DelegateAsync(good, actor)).Status.ShouldBe(200);
        exchanges.Server.Logs.Lines.ShouldNotContain(line => faults.Any(fault => fault.Token.Length > 10 && line.Text.Contains(fault.Token)));
    }

    [Fact]
    public async Task X02_L12_A_disabled_subject_gets_no_token_though_its_token_came_later()
    {
        var subject = await exchanges.SubjectAsync(sub: "u-disabled");
        await exchanges.Admin.PostAsync("/admin/subjects/disable", new { sub = "u-disabled" });
        (await exchanges.ExchangeAsync(exchanges.App, subject)).ShouldBeError(400, "invalid_request", NotAcceptable);
        await exchanges.Admin.PostAsync("/admin/subjects/enable", new { sub = "u-disabled" });
        (await exchanges.ExchangeAsync(exchanges.App, subject)).ShouldBeError(400, "invalid_request", NotAcceptable);
        (await exchanges.ExchangeAsync(exchanges.App, await exchanges.SubjectAsync(sub: "u-disabled"))).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("orders:write")]
    [InlineData("stock:read orders:write")]
    [InlineData("stock:read ")]
    [InlineData("touchstone:admin")]
    public async Task X03_X10_The_scope_lies_within_the_tokens_and_the_clients(string scope) =>
        (await exchanges.ExchangeAsync(exchanges.App, await exchanges.SubjectAsync(), ("scope", scope))).ShouldBeError(400, "invalid_scope");

    [Fact]
    public async Task X23_X06_X07_Delegation_names_who_acts_and_a_chain_keeps_who_acted()
    {
        var first = await exchanges.DelegateAsync(await exchanges.SubjectAsync(), await exchanges.ActorAsync());
        (await exchanges.SeenAsync(first)).GetProperty("act").GetRawText().ShouldBe("""{"sub":"orders-app","client_id":"orders-app"}""");

        var stockApp = await exchanges.AddAppAsync("stock-app", Exchanges.Policy(targets: [Acme.BillingApi], audiences: [Exchanges.StockApi]));
        var actor = await exchanges.Admin.IssueAsync(new { client_id = "stock-app", sub = "stock-app" });
        var second = await exchanges.ExchangeAsync(stockApp, Exchanges.Token(first), ("actor_token", actor), ("actor_token_type", Exchanges.AccessToken));
        var seen = (await exchanges.Acme.OAuth.IntrospectAsync(Exchanges.Token(second), exchanges.Acme.Billing)).ShouldBeActive();
        seen.GetProperty("act").GetRawText().ShouldBe("""{"sub":"stock-app","client_id":"stock-app","act":{"sub":"orders-app","client_id":"orders-app"}}""");
        seen.GetProperty("sub").GetString().ShouldBe("u-4821");

        // Who acted before opens nothing (§4.1): it is no client of the token.
        (await exchanges.Acme.OAuth.RevokeAsync(Exchanges.Token(second), exchanges.App)).Status.ShouldBe(200);
        (await exchanges.Acme.OAuth.IntrospectAsync(Exchanges.Token(second), exchanges.Acme.Billing)).ShouldBeActive();
        // But what ends the first link ends the last.
        (await exchanges.Acme.OAuth.RevokeAsync(Exchanges.Token(first), exchanges.App)).Status.ShouldBe(200);
        (await exchanges.Acme.OAuth.IntrospectAsync(Exchanges.Token(second), exchanges.Acme.Billing)).ShouldBeInactive();
    }

    [Fact]
    public async Task X08_X09_X25_Who_may_act_is_whom_the_subject_token_names()
    {
        var actor = await exchanges.ActorAsync();
        var named = await exchanges.SubjectAsync(claims: new { may_act = new { sub = "orders-app" } });
        (await exchanges.SeenAsync(await exchanges.ExchangeAsync(exchanges.App, named))).GetProperty("may_act").GetRawText().ShouldBe("""{"sub":"orders-app"}""");
        (await exchanges.DelegateAsync(named, actor)).Status.ShouldBe(200);
        var other = await exchanges.SubjectAsync(claims: new { may_act = new { sub = "somebody" } });
        (await exchanges.ExchangeAsync(exchanges.App, other)).ShouldBeError(400, "invalid_request", NotAcceptable);
        (await exchanges.DelegateAsync(other, actor)).ShouldBeError(400, "invalid_request", NotAcceptable);
        (await exchanges.DelegateAsync(other, await exchanges.ActorAsync(sub: "somebody"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task X10_A_chain_has_an_end()
    {
        var chain = await exchanges.AddAppAsync("chain-app", Exchanges.Policy(audiences: [Acme.OrdersApi, Exchanges.StockApi]));
        var token = await exchanges.SubjectAsync();
        for (var link = 1; ; link++)
        {
            var answer = await exchanges.ExchangeAsync(chain, token);
            if (answer.Status != 200)
            {
                answer.ShouldBeError(400, "invalid_request", NotAcceptable);
                link.ShouldBe(17); // A record lists 16 ancestors.
                return;
            }
            token = Exchanges.Token(answer);
        }
    }

    private Task<string> IssueAsync(object token) => exchanges.Admin.IssueAsync(token);

    private Task<Answer> PostAsync(params (string, string)[] form) => exchanges.Acme.OAuth.PostAsync(OAuthCalls.Token, exchanges.App, form);
}

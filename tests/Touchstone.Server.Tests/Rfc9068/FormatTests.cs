namespace Touchstone.Server.Tests.Rfc9068;

/// <summary>Who decides whether a token is a JWT.</summary>
public sealed class FormatTests(JwtServer jwts) : IClassFixture<JwtServer>
{
    [Fact]
    public async Task By_default_tokens_are_opaque()
    {
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(jwts.Acme.Shop)).ShouldBeFalse();
        Jwts.IsJwt(await jwts.Admin.TokenAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_resource_server_decides_where_the_client_says_nothing_and_then_all_of_them()
    {
        var client = await AddAsync("silent", null);
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(client, ("resource", JwtServer.LedgerApi))).ShouldBeTrue();
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(client, ("resource", Acme.OrdersApi))).ShouldBeFalse();
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(client, ("resource", JwtServer.LedgerApi), ("resource", Acme.OrdersApi))).ShouldBeFalse();
    }

    [Fact]
    public async Task The_word_of_the_client_wins()
    {
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(await AddAsync("opaque", new { access_token_format = "opaque" }), ("resource", JwtServer.LedgerApi))).ShouldBeFalse();
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(jwts.Signed, ("resource", Acme.OrdersApi))).ShouldBeTrue();
    }

    [Fact]
    public async Task It_can_be_changed_and_holds_from_the_next_token_on()
    {
        var client = await AddAsync("changed", null);
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(client)).ShouldBeFalse();
        var changed = await jwts.Admin.ChangeAsync("changed", "grants", new { access_token_format = "jwt" });
        changed.GetProperty("grants").GetProperty("access_token_format").GetString().ShouldBe("jwt");
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(client)).ShouldBeTrue();
        var server = await jwts.Admin.AddClientAsync(new { client_id = "rs-late", kind = "resource-server", audience = new[] { "https://late.acme.test/" } });
        var silent = await AddAsync("silent-late", null, "https://late.acme.test/");
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(silent)).ShouldBeFalse();
        await jwts.Admin.ChangeAsync(server.Id, "grants", new { access_token_format = "jwt", access_token_signing_alg = "RS256" });
        Jwts.Read(await jwts.OAuth.TokenOfAsync(silent)).Algorithm.ShouldBe("RS256");
    }

    [Fact]
    public async Task What_a_resource_server_gets_for_itself_is_opaque() =>
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(jwts.Ledger, ("scope", "touchstone:introspect"))).ShouldBeFalse();

    [Fact]
    public async Task H01_Where_resource_servers_differ_it_is_what_all_support()
    {
        foreach (var (id, algorithm) in ((string, string)[])[("one", "ES256"), ("two", "RS256")])
            await jwts.Admin.AddClientAsync(new { client_id = "rs-" + id, kind = "resource-server", audience = new[] { $"https://{id}.acme.test/" }, grants = new { access_token_format = "jwt", access_token_signing_alg = algorithm } });
        var client = await AddAsync("both", null, "https://one.acme.test/", "https://two.acme.test/");
        Jwts.Read(await jwts.OAuth.TokenOfAsync(client, ("resource", "https://one.acme.test/"))).Algorithm.ShouldBe("ES256");
        Jwts.Read(await jwts.OAuth.TokenOfAsync(client, ("resource", "https://one.acme.test/"), ("resource", "https://two.acme.test/"))).Algorithm.ShouldBe("RS256");
    }

    [Fact]
    public async Task A_resource_server_that_may_see_less_gets_no_token_that_shows_all()
    {
        await jwts.Admin.AddClientAsync(new { client_id = "rs-narrow", kind = "resource-server", audience = new[] { "https://narrow.acme.test/" }, view = new { sub = "pairwise" } });
        var client = await AddAsync("wants-jwt", new { access_token_format = "jwt" }, Acme.OrdersApi, "https://narrow.acme.test/");
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(client, ("resource", Acme.OrdersApi))).ShouldBeTrue();
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(client, ("resource", "https://narrow.acme.test/"))).ShouldBeFalse();
        Jwts.IsJwt(await jwts.OAuth.TokenOfAsync(client, ("resource", Acme.OrdersApi), ("resource", "https://narrow.acme.test/"))).ShouldBeFalse();
        (await jwts.Admin.PostAsync($"{AdminCalls.Clients}/rs-narrow/grants", new { access_token_format = "jwt" })).ShouldBeProblem(400).Faults().ShouldBe(["access_token_format"]);
    }

    [Fact]
    public async Task D21_No_JWT_for_several_shows_one_of_them_what_is_for_another()
    {
        object details = new[] { new { type = "t", locations = new[] { Acme.OrdersApi } } };
        Jwts.IsJwt(await jwts.TokenAsync(new { client_id = "signed", sub = "u", aud = new[] { Acme.OrdersApi, Acme.BillingApi }, authorization_details = details })).ShouldBeFalse();
        Jwts.IsJwt(await jwts.TokenAsync(new { client_id = "signed", sub = "u", aud = Acme.OrdersApi, authorization_details = details })).ShouldBeTrue();
        Jwts.IsJwt(await jwts.TokenAsync(new { client_id = "signed", sub = "u", aud = new[] { Acme.OrdersApi, Acme.BillingApi }, authorization_details = new[] { new { type = "t" } } })).ShouldBeTrue();
    }

    [Fact]
    public async Task H03_What_only_resource_servers_wish_is_no_reason_to_refuse()
    {
        await AddAsync("silent-bare", null);
        Jwts.IsJwt(await jwts.TokenAsync(new { client_id = "silent-bare", sub = "u", aud = JwtServer.LedgerApi })).ShouldBeTrue();
        Jwts.IsJwt(await jwts.TokenAsync(new { client_id = "silent-bare", aud = JwtServer.LedgerApi })).ShouldBeFalse();
        Jwts.IsJwt(await jwts.TokenAsync(new { client_id = "silent-bare", sub = "u", aud = JwtServer.LedgerApi, claims = new { big = new string('x', 4000) } })).ShouldBeFalse();
        // A client that is registered for JWTs relies on them.
        (await jwts.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "signed", aud = JwtServer.LedgerApi })).ShouldBeProblem(400);
    }

    [Theory]
    [InlineData("access_token_format", "JWT")]
    [InlineData("access_token_signing_alg", "none")]
    [InlineData("access_token_signing_alg", "HS256")]
    [InlineData("access_token_signing_alg", "es256")]
    public async Task W01_Nothing_else_can_be_registered(string member, string value) =>
        (await jwts.Admin.PostAsync(AdminCalls.Clients, new { client_id = "wrong", kind = "client", grants = new Dictionary<string, string> { [member] = value } })).ShouldBeProblem(400).Faults().ShouldBe(["grants." + member]);

    private Task<TestClient> AddAsync(string id, object? grants, params string[] audience) =>
        jwts.Admin.AddClientAsync(new { client_id = id, kind = "client", audience = audience is [] ? [Acme.OrdersApi, JwtServer.LedgerApi] : audience, grants = grants ?? new { } });
}

namespace Touchstone.Server.Tests.Rfc7662;

/// <summary>What a resource server's registration lets it see.</summary>
public sealed class ViewTests(Acme acme) : IClassFixture<Acme>
{
    private const string Third = "https://third.acme.test/";

    private static readonly object Everything = new
    {
        client_id = "web-shop", sub = "u-4821", username = "jane", scope = "orders:read orders:write profile", aud = new[] { Acme.OrdersApi, Acme.BillingApi, Third },
        jti = "9f1c", cnf = new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }, act = new { sub = "svc" }, claims = new { email = "jane@acme.test", acr = "aal2", roles = new[] { "a", "b" } },
    };

    [Fact]
    public async Task I13_A_narrowed_answer_is_the_whole_one_without_what_is_hidden()
    {
        var narrow = await AddAsync("narrow", new { scope = "orders:write profile openid", claims = new[] { "acr" }, aud = "own" });
        var token = await acme.TokenAsync(Everything);
        var whole = (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        for (var i = 0; i < 3; i++)
        {
            (await acme.OAuth.IntrospectAsync(token, narrow)).ShouldBeJson(200).Text.ShouldBe(
                "{\"active\":true,\"iss\":\"https://as.acme.test\",\"sub\":\"u-4821\",\"client_id\":\"web-shop\",\"aud\":\"https://orders.acme.test/\",\"scope\":\"orders:write profile\",\"token_type\":\"DPoP\"," +
                $"\"iat\":{whole.GetProperty("iat")},\"exp\":{whole.GetProperty("exp")},\"cnf\":{{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"}},\"acr\":\"aal2\"}}");
        }
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive().GetRawText().ShouldBe(whole.GetRawText());
    }

    [Fact]
    public async Task I13_Without_a_scope_that_may_be_shown_the_token_is_active_all_the_same()
    {
        var narrow = await AddAsync("no-scope", new { scope = "something:else" });
        var none = await AddAsync("none-at-all", new { scope = "" });
        var token = await acme.TokenAsync();
        foreach (var caller in (TestClient[])[narrow, none]) (await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeActive().TryGetProperty("scope", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task I20_Pairwise_names_stay_the_same_at_one_resource_server_and_mean_nothing_to_another()
    {
        var (one, two) = (await AddAsync("pair-1", new { sub = "pairwise" }), await AddAsync("pair-2", new { sub = "pairwise" }));
        var (a, b) = (await acme.TokenAsync(Everything), await acme.TokenAsync(Everything));
        var name = await SubAsync(a, one);
        name!.ShouldMatch("^[A-Za-z0-9_-]{43}$");
        (await SubAsync(b, one)).ShouldBe(name);
        (await SubAsync(a, two)).ShouldNotBe(name);
        (await SubAsync(await acme.TokenAsync(new { client_id = "web-shop", sub = "u-4822", aud = Acme.OrdersApi }), one)).ShouldNotBe(name);

        foreach (var caller in (TestClient[])[one, two])
        {
            var text = (await acme.OAuth.IntrospectAsync(a, caller)).Text;
            foreach (var tell in (string[])["u-4821", "jane", "email", "9f1c", "svc"]) text.ShouldNotContain(tell);
        }
    }

    [Fact]
    public async Task I20_Resource_servers_of_one_sector_know_the_same_names_and_a_sector_is_no_client()
    {
        var (one, two) = (await AddAsync("sector-1", new { sub = "pairwise", sector = "sector-3" }), await AddAsync("sector-2", new { sub = "pairwise", sector = "sector-3" }));
        var alone = await AddAsync("sector-3", new { sub = "pairwise" });
        var token = await acme.TokenAsync();
        (await SubAsync(token, one)).ShouldBe(await SubAsync(token, two));
        (await SubAsync(token, alone)).ShouldNotBe(await SubAsync(token, one));
    }

    [Fact]
    public async Task I20_Issuers_never_meet()
    {
        var pair = await AddAsync("pair-issuers", new { sub = "pairwise" });
        var foreign = await acme.Admin.IssueAsync(new { token = "foreign-of-u-4821", client_id = "theirs", iss = "https://other.acme.test", sub = "u-4821", aud = Acme.OrdersApi, expires_in = 60 });
        (await SubAsync(foreign, pair)).ShouldNotBe(await SubAsync(await acme.TokenAsync(), pair));
    }

    [Fact]
    public async Task I20_An_omitted_subject_is_nowhere()
    {
        var omitted = await AddAsync("omitted", new { sub = "omitted" });
        var answer = await acme.OAuth.IntrospectAsync(await acme.TokenAsync(Everything), omitted);
        answer.ShouldBeActive().EnumerateObject().Select(member => member.Name).ShouldBe(["active", "iss", "client_id", "aud", "scope", "token_type", "iat", "exp", "cnf"]);
    }

    [Fact]
    public async Task I20_The_names_outlive_a_restart()
    {
        using var folder = new TempFolder();
        string token, before;
        TestClient pair;
        await using (var first = await Acme.StartAsync(data: folder.Path))
        {
            pair = await first.Admin.AddClientAsync(new { client_id = "pair", kind = "resource-server", audience = new[] { Acme.OrdersApi }, view = new { sub = "pairwise" } });
            token = await first.TokenAsync();
            before = (await first.OAuth.IntrospectAsync(token, pair)).Text;
            before.ShouldContain("\"sub\"");
        }
        await using var second = await TestServer.StartAsync(data: folder.Path);
        (await second.OAuth.IntrospectAsync(token, pair)).Text.ShouldBe(before);
    }

    [Fact]
    public async Task I13_A_changed_view_is_in_force_for_the_next_introspection_and_back_again()
    {
        var caller = await AddAsync("changing", null);
        var token = await acme.TokenAsync(Everything);
        var whole = (await acme.OAuth.IntrospectAsync(token, caller)).Text;
        (await acme.Admin.ChangeAsync("changing", "view", new { sub = "omitted" })).GetProperty("view").GetRawText().ShouldBe("""{"sub":"omitted","aud":"all"}""");
        var narrowed = (await acme.OAuth.IntrospectAsync(token, caller)).Text;
        narrowed.ShouldNotContain("u-4821");

        // What changes no view makes no other answer.
        var rotated = await acme.Admin.ChangeAsync("changing", "rotate-secret");
        rotated.GetProperty("view").GetProperty("sub").GetString().ShouldBe("omitted");
        (await acme.OAuth.IntrospectAsync(token, caller)).Text.ShouldBe(narrowed);

        await acme.Admin.ChangeAsync("changing", "view", new { claims = new[] { "email" } });
        (await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeActive().EnumerateObject().Last().Name.ShouldBe("email");
        (await acme.Admin.ChangeAsync("changing", "view", new { })).TryGetProperty("view", out _).ShouldBeFalse();
        (await acme.OAuth.IntrospectAsync(token, caller)).Text.ShouldBe(whole);
    }

    [Fact]
    public async Task I13_More_views_of_one_token_than_are_kept_each_see_their_own()
    {
        var token = await acme.TokenAsync(Everything);
        var callers = new List<(TestClient Caller, string Scope)>();
        foreach (var scope in (string[])["orders:read", "orders:write", "profile", "orders:read profile", "orders:read orders:write", "orders:write profile"])
            callers.Add((await AddAsync("many-" + callers.Count, new { scope }), scope));
        for (var round = 0; round < 3; round++)
        {
            foreach (var (caller, scope) in callers) (await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeActive().GetProperty("scope").GetString().ShouldBe(scope);
        }
    }

    [Fact]
    public async Task I13_An_access_token_as_credentials_sees_no_more_than_its_client()
    {
        var narrow = await AddAsync("by-token", new { sub = "omitted" });
        var mine = await acme.Admin.IssueAsync(new { client_id = narrow.Id, scope = "touchstone:introspect", aud = TestServer.DefaultIssuer });
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect) { Content = new FormUrlEncodedContent([new("token", await acme.TokenAsync())]) };
        request.Headers.Authorization = new("Bearer", mine);
        (await acme.OAuth.SendAsync(request)).ShouldBeActive().TryGetProperty("sub", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task I12_A_view_changes_nothing_about_an_inactive_answer()
    {
        var narrow = await AddAsync("inactive-view", new { scope = "", claims = Array.Empty<string>(), sub = "omitted", aud = "own" });
        (await acme.OAuth.IntrospectAsync("unknown", narrow)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.BillingApi }), narrow)).ShouldBeInactive();
    }

    private Task<TestClient> AddAsync(string id, object? view)
    {
        string[] audience = [Acme.OrdersApi];
        return acme.Admin.AddClientAsync(view is null ? new { client_id = id, kind = "resource-server", audience } : new { client_id = id, kind = "resource-server", audience, view });
    }

    private async Task<string?> SubAsync(string token, TestClient caller) => (await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeActive().GetProperty("sub").GetString();
}

using Touchstone.Protocol.Tokens;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Rfc7009;

public sealed class RevocationTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task R01_R06_R09_Revoking_an_access_token_ends_it_before_the_answer()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        (await acme.OAuth.RevokeAsync(token, acme.Shop)).ShouldBeEmpty();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task R01_R07_R30_Revoking_a_refresh_token_ends_every_token_of_its_grant_and_no_other()
    {
        var refresh = await acme.RefreshTokenAsync("grant-30");
        var granted = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, grant = "grant-30", session = "s-1", sub = "u-1" });
        var other = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, grant = "grant-31", session = "s-1", sub = "u-1" });

        (await acme.OAuth.RevokeAsync(refresh, acme.Shop)).ShouldBeEmpty();

        (await acme.OAuth.IntrospectAsync(refresh, acme.Shop)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(granted, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(other, acme.Orders)).ShouldBeActive();
        var late = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, grant = "grant-30" });
        (await acme.OAuth.IntrospectAsync(late, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task R07_Revoking_a_refresh_token_without_a_grant_ends_it_alone()
    {
        var refresh = await acme.Admin.IssueAsync(new { client_id = "web-shop", kind = "refresh_token" });
        var access = await acme.TokenAsync();
        (await acme.OAuth.RevokeAsync(refresh, acme.Shop)).ShouldBeEmpty();
        (await acme.OAuth.IntrospectAsync(refresh, acme.Shop)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(access, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task R08_Revoking_an_access_token_leaves_its_refresh_token_alive()
    {
        var refresh = await acme.RefreshTokenAsync("grant-08");
        var access = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, grant = "grant-08" });
        (await acme.OAuth.RevokeAsync(access, acme.Shop)).ShouldBeEmpty();
        (await acme.OAuth.IntrospectAsync(refresh, acme.Shop)).ShouldBeActive();
    }

    [Theory]
    [InlineData("access_token", "urn:ietf:params:oauth:token-type:id_token")]
    [InlineData("refresh_token", "saml2")]
    public async Task R11_Every_kind_of_token_can_be_revoked_so_no_type_is_unsupported(string kind, string hint)
    {
        var token = await acme.Admin.IssueAsync(new { client_id = "web-shop", kind, aud = Acme.OrdersApi });
        (await acme.OAuth.RevokeAsync(token, acme.Shop, ("token_type_hint", hint))).ShouldBeEmpty();
        (await acme.Admin.LookUpAsync(token)).GetProperty("reason").GetString().ShouldBe("revoked");
        (await acme.OAuth.RevokeAsync("not.a-token.of.ours", acme.Shop, ("token_type_hint", hint))).ShouldBeEmpty();
        // The other errors are those of RFC 6749 §5.2.
        (await acme.OAuth.RevokeAsync("", acme.Shop, ("token_type_hint", hint))).ShouldBeError(400, "invalid_request");
        (await acme.OAuth.RevokeAsync(token, acme.Shop with { Secret = "wrong" }, ("token_type_hint", hint))).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task R31_Revoking_twice_is_200_twice_and_one_row()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.RevokeAsync(token, acme.Shop)).ShouldBeEmpty();
        var seq = (await acme.Admin.LookUpAsync(token)).GetProperty("revocation").GetProperty("seq").GetInt64();
        (await acme.OAuth.RevokeAsync(token, acme.Shop)).ShouldBeEmpty();
        (await acme.Admin.LookUpAsync(token)).GetProperty("revocation").GetProperty("seq").GetInt64().ShouldBe(seq);
        (await acme.Admin.LookUpAsync(await acme.TokenAsync())).GetProperty("record").GetProperty("born").GetInt64().ShouldBe(seq);
    }

    [Theory]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("pairing_code")]
    [InlineData("\u0001")]
    public async Task R03_R10_R33_Wrong_hint_gives_the_same_result(string hint)
    {
        var access = await acme.TokenAsync();
        var refresh = await acme.RefreshTokenAsync($"grant-{(int)hint[0]}");
        (await acme.OAuth.RevokeAsync(access, acme.Shop, ("token_type_hint", hint))).ShouldBeEmpty();
        (await acme.OAuth.RevokeAsync(refresh, acme.Shop, ("token_type_hint", hint))).ShouldBeEmpty();
        (await acme.OAuth.IntrospectAsync(access, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(refresh, acme.Shop)).ShouldBeInactive();
    }

    [Fact]
    public async Task R05_R09_R32_L16_Unknown_foreign_expired_and_own_tokens_get_the_same_answer()
    {
        var own = await acme.TokenAsync();
        var foreign = await acme.TokenAsync(new { client_id = "warehouse", aud = Acme.OrdersApi });
        var expired = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, expires_in = 1 });
        acme.Time.AdvanceSeconds(1);
        string[] tokens = [own, own, foreign, expired, "unknown", new TokenFormat().Create(TokenKind.AccessToken, new byte[32]), "tst_at_mistyped", "tökén", new string('x', 9000), " "];
        var shapes = new HashSet<string>();
        foreach (var token in tokens)
        {
            var answer = await acme.OAuth.RevokeAsync(token, acme.Shop);
            answer.ShouldBeEmpty();
            shapes.Add(answer.Shape());
        }
        shapes.Count.ShouldBe(1);
        (await acme.OAuth.IntrospectAsync(foreign, acme.Orders)).ShouldBeActive();
        (await acme.OAuth.IntrospectAsync(own, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task R05_R32_Asking_to_revoke_anothers_token_is_logged_without_the_token()
    {
        var foreign = await acme.TokenAsync(new { client_id = "warehouse", aud = Acme.OrdersApi });
        await acme.OAuth.RevokeAsync(foreign, acme.Shop);
        var line = acme.Server.Logs.Of(5)[^1];
        line.Level.ShouldBe(Microsoft.Extensions.Logging.LogLevel.Warning);
        line.Text.ShouldContain("web-shop");
        line.Text.ShouldContain("warehouse");
        line.Text.ShouldNotContain(foreign);
    }

    [Fact]
    public async Task R05_A_resource_server_ends_no_token_that_it_merely_may_see()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.RevokeAsync(token, acme.Orders)).ShouldBeEmpty();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task R04_A06_A_public_client_ends_its_own_token_by_naming_itself_and_no_others()
    {
        var own = await acme.TokenAsync(new { client_id = "spa", aud = Acme.OrdersApi });
        var shops = await acme.TokenAsync();
        (await acme.OAuth.RevokeAsync(own, acme.Spa)).ShouldBeEmpty();
        (await acme.OAuth.RevokeAsync(shops, acme.Spa)).ShouldBeEmpty();
        (await acme.OAuth.IntrospectAsync(own, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(shops, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task R04_Who_is_not_known_ends_nothing()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.RevokeAsync(token, null)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.RevokeAsync(token, new TestClient("web-shop", "wrong"))).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.PostAsync("/oauth/revoke", null, ("token", token), ("client_id", "web-shop"))).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.PostAsync("/oauth/revoke", null, ("token", token), ("client_id", "nobody"))).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task R03_Missing_token_is_invalid_request() =>
        (await acme.OAuth.PostAsync("/oauth/revoke", acme.Shop, ("token_type_hint", "access_token"))).ShouldBeError(400, "invalid_request", "The parameter token is missing.");

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task R02_R13_No_other_method_and_no_callback(string method)
    {
        var token = await acme.TokenAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/oauth/revoke?token={token}&client_id=spa&callback=package.myCallback");
        (await acme.OAuth.SendAsync(request)).ShouldBeError(405, "invalid_request");
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task R14_One_request_costs_at_most_one_look_up_whatever_the_hint()
    {
        var (server, store) = await ProbedStore.StartAsync();
        await using var _ = server;
        var shop = await server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Acme.OrdersApi } });
        var before = store.Finds;
        await server.OAuth.RevokeAsync("unknown", shop, ("token_type_hint", "refresh_token"));
        store.Finds.ShouldBe(before + 1);
        await server.OAuth.RevokeAsync("tst_at_mistyped", shop, ("token_type_hint", "refresh_token"));
        store.Finds.ShouldBe(before + 1);
    }
}

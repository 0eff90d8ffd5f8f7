using System.Text.RegularExpressions;

namespace Touchstone.Server.Tests.Rfc6749;

public sealed partial class ClientCredentialsTests(Acme acme) : IClassFixture<Acme>
{
    [GeneratedRegex("^tst_at_[0-9A-Za-z]{49}$")]
    private static partial Regex Form { get; }

    [Fact]
    public async Task T01_T04_C14_B10_The_whole_answer_without_a_refresh_token()
    {
        var answer = await acme.OAuth.GrantAsync(acme.Shop, ("scope", "orders:read"));
        var json = answer.ShouldBeJson(200).Json;
        json.EnumerateObject().Select(member => member.Name).ShouldBe(["access_token", "token_type", "expires_in", "scope"]);
        json.GetProperty("token_type").GetString().ShouldBe("Bearer");
        json.GetProperty("expires_in").GetRawText().ShouldBe("3600");
        json.GetProperty("scope").GetString().ShouldBe("orders:read");
        Form.IsMatch(json.GetProperty("access_token").GetString()!).ShouldBeTrue();
    }

    [Fact]
    public async Task T04_The_token_is_for_the_client_itself()
    {
        var now = acme.Time.Seconds;
        var json = (await acme.OAuth.IntrospectAsync(await acme.OAuth.TokenOfAsync(acme.Shop, ("scope", "orders:read")), acme.Orders)).ShouldBeActive();
        json.GetProperty("sub").GetString().ShouldBe("web-shop");
        json.GetProperty("client_id").GetString().ShouldBe("web-shop");
        json.GetProperty("iss").GetString().ShouldBe(TestServer.DefaultIssuer);
        json.GetProperty("iat").GetInt64().ShouldBe(now);
        json.GetProperty("exp").GetInt64().ShouldBe(now + 3600);
        json.GetProperty("jti").GetString()!.ShouldMatch("^[0-9A-Za-z]{22}$");
        json.GetProperty("token_type").GetString().ShouldBe("Bearer");
    }

    [Fact]
    public async Task C40_C41_Tokens_are_all_different_and_of_b64token_characters()
    {
        var tokens = new HashSet<string>();
        for (var i = 0; i < 50; i++) tokens.Add(await acme.OAuth.TokenOfAsync(acme.Shop)).ShouldBeTrue();
        tokens.ShouldAllBe(token => Form.IsMatch(token));
        // 43 digits carry 256 bits: no digit is the same in all of them.
        for (var digit = 8; digit < 50; digit++) tokens.Select(token => token[digit]).Distinct().Count().ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task T03_Without_scope_all_registered_ones_are_granted() =>
        (await acme.OAuth.GrantAsync(acme.Shop)).Json.GetProperty("scope").GetString().ShouldBe("orders:read orders:write");

    [Fact]
    public async Task T03_What_rules_this_server_is_granted_only_when_asked_for()
    {
        var operators = await acme.Admin.AddClientAsync(new { client_id = "operators", kind = "client", audience = new[] { TestServer.DefaultIssuer }, scope = "touchstone:admin reports touchstone:x" });
        (await acme.OAuth.GrantAsync(operators)).Json.GetProperty("scope").GetString().ShouldBe("reports");
        (await acme.OAuth.GrantAsync(operators, ("scope", "touchstone:admin"))).Json.GetProperty("scope").GetString().ShouldBe("touchstone:admin");
        (await acme.OAuth.GrantAsync(acme.Server.AdminClient)).Json.TryGetProperty("scope", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task T03_A_client_without_scopes_gets_a_token_without_scope()
    {
        var bare = await acme.Admin.AddClientAsync(new { client_id = "bare", kind = "client", audience = new[] { Acme.OrdersApi } });
        (await acme.OAuth.GrantAsync(bare)).ShouldBeJson(200).Json.TryGetProperty("scope", out _).ShouldBeFalse();
        (await acme.OAuth.GrantAsync(bare, ("scope", "orders:read"))).ShouldBeError(400, "invalid_scope");
    }

    [Theory]
    [InlineData("orders:delete")]
    [InlineData("orders:read orders:delete")]
    [InlineData("ORDERS:READ")]
    [InlineData("orders:read  orders:write")]
    [InlineData(" orders:read")]
    [InlineData("orders:read ")]
    [InlineData("orders:read\torders:write")]
    [InlineData("orders:read\"")]
    [InlineData("orders:read\\")]
    [InlineData("ördérs")]
    [InlineData("\0")]
    [InlineData("touchstone:admin")]
    public async Task T03_C43_Unknown_and_malformed_scopes_are_invalid_scope(string scope) => (await acme.OAuth.GrantAsync(acme.Shop, ("scope", scope))).ShouldBeError(400, "invalid_scope");

    [Fact]
    public async Task T03_A_scope_named_twice_is_granted_once() =>
        (await acme.OAuth.GrantAsync(acme.Shop, ("scope", "orders:write orders:read orders:write"))).Json.GetProperty("scope").GetString().ShouldBe("orders:write orders:read");

    [Fact]
    public async Task T04_A_public_client_may_not_use_this_grant() => (await acme.OAuth.GrantAsync(acme.Spa)).ShouldBeError(400, "unauthorized_client");

    [Fact]
    public async Task T04_A_resource_server_may_not_use_this_grant() => (await acme.OAuth.GrantAsync(acme.Orders)).ShouldBeError(400, "unauthorized_client");

    [Fact]
    public async Task T04_But_to_introspect_here_with_a_token_as_it_may_without()
    {
        var token = await acme.OAuth.TokenOfAsync(acme.Orders, ("scope", "touchstone:introspect"), ("resource", TestServer.DefaultIssuer));
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect);
        request.Headers.Authorization = new("Bearer", token);
        request.Content = new FormUrlEncodedContent([new("token", "unknown")]);
        (await acme.OAuth.SendAsync(request)).ShouldBeInactive();
        (await acme.OAuth.TokenOfAsync(acme.Orders, ("scope", "touchstone:introspect"))).ShouldNotBeEmpty();

        foreach (var scope in new[] { "touchstone:admin", "touchstone:revoke", "orders:read", "touchstone:introspect touchstone:admin", "touchstone:introspect orders:read", " touchstone:introspect", "" })
            (await acme.OAuth.GrantAsync(acme.Orders, ("scope", scope))).ShouldBeError(400, "unauthorized_client");
        (await acme.OAuth.GrantAsync(acme.Orders, ("scope", "touchstone:introspect"), ("resource", Acme.OrdersApi))).ShouldBeError(400, "invalid_target");
    }

    [Theory]
    [InlineData("password", "unsupported_grant_type")]
    [InlineData("authorization_code", "unsupported_grant_type")]
    [InlineData("implicit", "unsupported_grant_type")]
    [InlineData("refresh_token", "unauthorized_client")]
    [InlineData("CLIENT_CREDENTIALS", "unsupported_grant_type")]
    [InlineData("client_credentials ", "unsupported_grant_type")]
    [InlineData("", "invalid_request")]
    public async Task T02_F09_Other_grants_are_not_supported(string grant, string error) =>
        (await acme.OAuth.PostAsync("/oauth/token", acme.Warehouse, ("grant_type", grant), ("username", "u"), ("password", "p"))).ShouldBeError(400, error);

    [Fact]
    public async Task T02_C12_A_scope_that_stands_twice_is_invalid_request() =>
        (await acme.OAuth.GrantAsync(acme.Shop, ("scope", "orders:read"), ("scope", "orders:write"))).ShouldBeError(400, "invalid_request");

    [Fact]
    public async Task T04_A_token_of_a_client_with_a_tenant_belongs_to_that_tenant()
    {
        var tenants = await acme.Admin.AddClientAsync(new { client_id = "tenants", kind = "client", audience = new[] { Acme.OrdersApi }, tenant = "north" });
        var token = await acme.OAuth.TokenOfAsync(tenants);
        (await acme.Admin.LookUpAsync(token)).GetProperty("record").GetProperty("tenant").GetString().ShouldBe("north");
    }

    [Fact]
    public async Task T02_Every_description_keeps_to_its_characters()
    {
        Answer[] answers =
        [
            await acme.OAuth.GrantAsync(null), await acme.OAuth.GrantAsync(acme.Spa), await acme.OAuth.GrantAsync(acme.Shop, ("scope", "\"\\\n")),
            await acme.OAuth.GrantAsync(acme.Shop, ("resource", "\"\\ü")), await acme.OAuth.PostAsync("/oauth/token", acme.Shop), await acme.OAuth.GetAsync("/oauth/token"),
        ];
        foreach (var answer in answers)
        {
            answer.Json.GetProperty("error").GetString()!.ShouldMatch("^[a-z_]+$");
            answer.Json.GetProperty("error_description").GetString()!.ShouldMatch("^[\\x20-\\x21\\x23-\\x5B\\x5D-\\x7E]+$");
        }
    }

    [Fact]
    public async Task N01_L12_The_tokens_of_a_disabled_client_are_dead_and_stay_dead()
    {
        var client = await acme.Admin.AddClientAsync(new { client_id = "on-and-off", kind = "client", audience = new[] { Acme.OrdersApi } });
        var token = await acme.OAuth.TokenOfAsync(client);
        await acme.Admin.ChangeAsync(client.Id, "disable");
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.GrantAsync(client)).ShouldBeError(401, "invalid_client");

        await acme.Admin.ChangeAsync(client.Id, "enable");
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(await acme.OAuth.TokenOfAsync(client), acme.Orders)).ShouldBeActive();
    }
}

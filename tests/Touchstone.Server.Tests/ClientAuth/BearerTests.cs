namespace Touchstone.Server.Tests.ClientAuth;

public sealed class BearerTests(Acme acme) : IClassFixture<Acme>
{
    private const string Challenge = "Bearer realm=\"touchstone\", error=\"invalid_token\", error_description=\"The access token is expired, revoked, malformed or not for this server.\", scope=\"touchstone:introspect\"";

    private Task<string> IssueAsync(string client, string scope = "touchstone:introspect", string? aud = null, object? cnf = null, int expires = 3600) =>
        acme.Admin.IssueAsync(new { client_id = client, scope, aud = aud ?? TestServer.DefaultIssuer, expires_in = expires, cnf });

    private async Task<Answer> AskAsync(string bearer, string token, params (string Name, string Value)[] more)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bearer);
        request.Content = new FormUrlEncodedContent([new("token", token), .. more.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
        return await acme.OAuth.SendAsync(request);
    }

    private static void ShouldBeRefused(Answer answer)
    {
        answer.Status.ShouldBe(401, answer.ToString());
        answer.Header("WWW-Authenticate").ShouldBe(Challenge);
        answer.Json.GetProperty("error").GetString().ShouldBe("invalid_token");
    }

    [Fact]
    public async Task I07_A_token_with_the_scope_stands_for_the_client_it_was_issued_to()
    {
        var bearer = await IssueAsync(acme.Orders.Id);
        (await AskAsync(bearer, await acme.TokenAsync())).ShouldBeActive();
        (await AskAsync(bearer, await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.BillingApi }))).ShouldBeInactive();
        (await AskAsync(bearer, "unknown", ("client_id", acme.Orders.Id))).ShouldBeInactive();
    }

    [Fact]
    public async Task I07_The_scope_is_the_permission()
    {
        var mine = await acme.Admin.IssueAsync(new { client_id = acme.Mute.Id, aud = Acme.OrdersApi });
        (await acme.OAuth.IntrospectAsync(mine, acme.Mute)).ShouldBeError(403, "access_denied");
        (await AskAsync(await IssueAsync(acme.Mute.Id), mine)).ShouldBeActive();
        (await acme.OAuth.IntrospectAsync(mine, acme.Mute)).ShouldBeError(403, "access_denied");
    }

    [Fact]
    public async Task I08_A_token_that_is_not_good_for_this_is_401_with_a_Bearer_challenge()
    {
        ShouldBeRefused(await AskAsync("unknown", "x"));
        ShouldBeRefused(await AskAsync(new string('a', 5000), "x"));
        ShouldBeRefused(await AskAsync(await IssueAsync(acme.Orders.Id, scope: "orders:read"), "x")); // Without the privilege: 401 too.
        ShouldBeRefused(await AskAsync(await IssueAsync(acme.Orders.Id, scope: "touchstone:admin"), "x"));
        ShouldBeRefused(await AskAsync(await IssueAsync(acme.Orders.Id, aud: Acme.OrdersApi), "x"));
        ShouldBeRefused(await AskAsync(await acme.RefreshTokenAsync("g-bearer"), "x"));
        ShouldBeRefused(await AskAsync(await IssueAsync(acme.Orders.Id), "x", ("client_id", acme.Billing.Id)));
        (await acme.Server.LastFailureAsync(acme.Orders.Id)).ShouldBe("token_refused");
    }

    [Fact]
    public async Task I08_A_revoked_and_an_expired_token_and_one_of_a_disabled_client_are_refused()
    {
        var bearer = await IssueAsync(acme.Orders.Id);
        (await AskAsync(bearer, "x")).ShouldBeInactive();
        await acme.Admin.RevokeAsync(bearer);
        ShouldBeRefused(await AskAsync(bearer, "x"));
        var client = await acme.Server.AddAsync("soon-disabled", "client_secret_basic");
        var its = await IssueAsync(client.Id);
        (await AskAsync(its, "x")).ShouldBeInactive();
        await acme.Admin.ChangeAsync(client.Id, "disable");
        ShouldBeRefused(await AskAsync(its, "x"));
    }

    [Fact]
    public async Task L09_A_registered_token_of_another_issuer_is_refused() => ShouldBeRefused(await AskAsync(await RegisterAsync(), "x"));

    private async Task<string> RegisterAsync()
    {
        var token = $"foreign-{Guid.NewGuid():N}";
        return await acme.Admin.IssueAsync(new { token, iss = "https://other.test", client_id = acme.Orders.Id, scope = "touchstone:introspect", aud = TestServer.DefaultIssuer, expires_in = 60 });
    }

    [Fact]
    public async Task M05_M23_A_bound_token_is_refused_without_what_it_is_bound_to()
    {
        ShouldBeRefused(await AskAsync(await IssueAsync(acme.Orders.Id, cnf: new Dictionary<string, string> { ["x5t#S256"] = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0" }), "x"));
        ShouldBeRefused(await AskAsync(await IssueAsync(acme.Orders.Id, cnf: new Dictionary<string, string> { ["jkt"] = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }), "x"));
    }

    [Theory]
    [InlineData(OAuthCalls.Token), InlineData(OAuthCalls.Revoke)]
    public async Task A10_A_token_is_no_client_elsewhere(string endpoint)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + await IssueAsync(acme.Orders.Id));
        request.Content = new FormUrlEncodedContent([new("token", "x"), new("grant_type", "client_credentials")]);
        (await acme.OAuth.SendAsync(request)).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task A04_A_token_beside_a_secret_is_ambiguous()
    {
        (await AskAsync(await IssueAsync(acme.Orders.Id), "x", ("client_id", acme.Orders.Id), ("client_secret", acme.Orders.Secret!))).ShouldBeError(400, "invalid_request");
        (await AskAsync(await IssueAsync(acme.Orders.Id), "x", ("client_assertion", "a.b.c"), ("client_assertion_type", Signer.Type))).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task F_A_client_gets_such_a_token_only_when_it_asks()
    {
        var client = await acme.Admin.AddClientAsync(new { client_id = "self-service", kind = "client", audience = new[] { TestServer.DefaultIssuer }, scope = "touchstone:introspect" });
        ShouldBeRefused(await AskAsync(await acme.OAuth.TokenOfAsync(client), "x"));
        (await AskAsync(await acme.OAuth.TokenOfAsync(client, ("scope", "touchstone:introspect")), "x")).ShouldBeInactive();
    }
}

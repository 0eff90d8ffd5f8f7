namespace Touchstone.Server.Tests.Rfc7662;

public sealed class AuthorizationTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task I07_I40_Without_credentials_an_active_and_a_random_token_are_refused_alike()
    {
        var active = await acme.OAuth.IntrospectAsync(await acme.TokenAsync(), null);
        active.ShouldBeError(401, "invalid_client", "Client authentication failed.");
        (await acme.OAuth.IntrospectAsync("no-token-at-all", null)).Shape().ShouldBe(active.Shape());
        (await acme.OAuth.IntrospectAsync(await acme.TokenAsync(), new TestClient(acme.Orders.Id, "wrong"))).Shape().ShouldBe(active.Shape());
    }

    [Fact]
    public async Task I08_A_client_without_the_permission_is_denied_even_for_its_own_token()
    {
        var own = await acme.OAuth.TokenOfAsync(acme.Mute);
        (await acme.OAuth.IntrospectAsync(own, acme.Mute)).ShouldBeError(403, "access_denied", "This client may not introspect.");
    }

    [Fact]
    public async Task I08_The_permission_can_be_taken_from_a_resource_server()
    {
        var silent = await acme.Admin.AddClientAsync(new { client_id = "rs-silent", kind = "resource-server", audience = new[] { Acme.OrdersApi }, may_introspect = false });
        (await acme.OAuth.IntrospectAsync(await acme.TokenAsync(), silent)).ShouldBeError(403, "access_denied");
    }

    [Fact]
    public async Task I09_The_identifier_of_a_public_client_does_not_authorize()
    {
        (await acme.OAuth.IntrospectAsync("x", acme.Spa)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.PostAsync("/oauth/introspect", null, ("token", "x"), ("client_id", "nobody"))).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.PostAsync("/oauth/introspect", null, ("token", "x"), ("client_id", acme.Orders.Id))).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task I07_A_bearer_token_without_the_scope_is_no_way_in()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/oauth/introspect") { Content = new FormUrlEncodedContent([new("token", "x")]) };
        request.Headers.Authorization = new("Bearer", await acme.Admin.TokenAsync());
        var answer = await acme.OAuth.SendAsync(request);
        answer.Status.ShouldBe(401);
        answer.Header("WWW-Authenticate")!.ShouldStartWith("Bearer realm=\"touchstone\", error=\"invalid_token\"");
    }

    [Fact]
    public async Task I21_One_registration_may_be_client_and_ask_about_its_tokens()
    {
        var own = await acme.OAuth.TokenOfAsync(acme.Shop);
        (await acme.OAuth.IntrospectAsync(own, acme.Shop)).ShouldBeActive().GetProperty("client_id").GetString().ShouldBe(acme.Shop.Id);
    }

    [Fact]
    public async Task N01_L12_A_disabled_caller_is_refused_like_an_unknown_one_and_let_in_again_when_enabled()
    {
        var token = await acme.TokenAsync();
        var caller = await acme.Admin.AddClientAsync(new { client_id = "rs-off", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        (await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeActive();

        await acme.Admin.ChangeAsync(caller.Id, "disable");
        var refused = await acme.OAuth.IntrospectAsync(token, caller);
        refused.ShouldBeError(401, "invalid_client");
        refused.Shape().ShouldBe((await acme.OAuth.IntrospectAsync(token, new TestClient("nobody", "x"))).Shape());

        await acme.Admin.ChangeAsync(caller.Id, "enable");
        (await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeActive();
    }
}

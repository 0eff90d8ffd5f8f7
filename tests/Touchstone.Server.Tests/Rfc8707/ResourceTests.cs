namespace Touchstone.Server.Tests.Rfc8707;

public sealed class ResourceTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task U03_The_token_is_for_the_resource_that_was_asked_for()
    {
        var token = await acme.OAuth.TokenOfAsync(acme.Shop, ("resource", Acme.BillingApi));
        (await acme.OAuth.IntrospectAsync(token, acme.Billing)).ShouldBeActive().GetProperty("aud").GetString().ShouldBe(Acme.BillingApi);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task U01_C13_Resource_may_repeat()
    {
        var token = await acme.OAuth.TokenOfAsync(acme.Shop, ("resource", Acme.BillingApi), ("resource", Acme.OrdersApi), ("resource", Acme.BillingApi));
        var audience = (await acme.OAuth.IntrospectAsync(token, acme.Billing)).ShouldBeActive().GetProperty("aud").EnumerateArray().Select(item => item.GetString());
        audience.ShouldBe([Acme.BillingApi, Acme.OrdersApi]);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task U02_Without_resource_the_first_registered_one_is_taken(string? resource)
    {
        var token = await acme.OAuth.TokenOfAsync(acme.Shop, resource is null ? [] : [("resource", resource)]);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive().GetProperty("aud").GetString().ShouldBe(Acme.OrdersApi);
    }

    [Theory]
    [InlineData("/orders")]
    [InlineData("orders.acme.test")]
    [InlineData("//orders.acme.test/")]
    public async Task U01_U20_A_relative_URI_is_invalid_target(string resource) => await RefusedAsync(resource);

    [Theory]
    [InlineData(Acme.OrdersApi + "#x")]
    [InlineData(Acme.OrdersApi + "#")]
    public async Task U01_U21_A_fragment_is_invalid_target(string resource) => await RefusedAsync(resource);

    [Theory]
    [InlineData("https://unknown.acme.test/")]
    [InlineData("https://orders.acme.test")]
    [InlineData("https://ORDERS.acme.test/")]
    [InlineData(Acme.OrdersApi + "?tenant=1")]
    [InlineData(" " + Acme.OrdersApi)]
    [InlineData("https://örders.acme.test/")]
    [InlineData("\0")]
    public async Task U02_U22_An_unknown_resource_is_invalid_target(string resource) => await RefusedAsync(resource);

    [Fact]
    public async Task U02_One_bad_resource_spoils_all() =>
        (await acme.OAuth.GrantAsync(acme.Shop, ("resource", Acme.OrdersApi), ("resource", "https://unknown.acme.test/"))).ShouldBeError(400, "invalid_target");

    [Fact]
    public async Task U02_A_client_without_an_audience_gets_no_token()
    {
        var lost = await acme.Admin.AddClientAsync(new { client_id = "lost", kind = "client" });
        (await acme.OAuth.GrantAsync(lost)).ShouldBeError(400, "invalid_target", "No audience is registered for this client.");
        (await acme.OAuth.GrantAsync(lost, ("resource", Acme.OrdersApi))).ShouldBeError(400, "invalid_target");
    }

    [Fact]
    public async Task U05_Every_scope_is_good_at_every_resource_and_each_resource_server_is_shown_its_own()
    {
        var shop = await acme.Admin.AddClientAsync(new { client_id = "both", kind = "client", audience = new[] { Acme.OrdersApi, Acme.BillingApi }, scope = "orders:read invoices:read" });
        var narrow = await acme.Admin.AddClientAsync(new { client_id = "rs-invoices", kind = "resource-server", audience = new[] { Acme.BillingApi }, view = new { scope = "invoices:read" } });
        var answer = await acme.OAuth.GrantAsync(shop, ("resource", Acme.OrdersApi), ("resource", Acme.BillingApi));
        answer.Json.GetProperty("scope").GetString().ShouldBe("orders:read invoices:read");
        var token = answer.Json.GetProperty("access_token").GetString()!;
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive().GetProperty("scope").GetString().ShouldBe("orders:read invoices:read");
        (await acme.OAuth.IntrospectAsync(token, narrow)).ShouldBeActive().GetProperty("scope").GetString().ShouldBe("invoices:read");
    }

    private async Task RefusedAsync(string resource) =>
        (await acme.OAuth.GrantAsync(acme.Shop, ("resource", resource))).ShouldBeError(400, "invalid_target", "The resource is malformed, unknown, or not for this client.");
}

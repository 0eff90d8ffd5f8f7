// Shown in docs/guides/test-your-api.md; run with the tests of the client.

// guide: test-your-api, the tests
using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;
using Touchstone.Client;
using Touchstone.Client.Testing;

public sealed class OrdersApiTests : IAsyncDisposable
{
    private const string Api = "https://orders.acme.test/";

    private readonly FakeAuthorizationServer _server = new();
    private readonly WebApplication _app;
    private readonly HttpClient _http;

    public OrdersApiTests()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        OrdersApi.AddServices(builder.Services);
        builder.Services.UseFakeAuthorizationServer(_server); // the one line
        _app = builder.Build();
        OrdersApi.Map(_app);
        _app.Start();
        _http = _app.GetTestClient();
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task A_token_with_the_scope_gets_the_orders()
    {
        var response = await GetAsync("/orders", _server.Issue(scopes: ["orders:read"], subject: "alice", audience: [Api]));
        Assert.Equal("Orders of alice", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Without_a_token_it_is_401_and_without_the_scope_403()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/orders")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync("/orders", _server.Issue(scopes: ["orders:write"], audience: [Api]))).StatusCode);
    }

    [Fact]
    public async Task A_revoked_token_is_401()
    {
        var token = _server.Issue(scopes: ["orders:read"], audience: [Api]);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/orders", token)).StatusCode);

        await _server.RevokeAsync(token);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/orders", token)).StatusCode);
    }

    [Fact]
    public async Task An_outage_is_503_and_nothing_that_logs_anybody_out()
    {
        _server.Fail(IntrospectionFault.ServerError);
        var response = await GetAsync("/orders", _server.Issue(scopes: ["orders:read"], audience: [Api]));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request);
    }
}
// guide: end

// guide: test-your-api, the API
public static class OrdersApi
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddAuthentication().AddTokenIntrospection(options =>
        {
            options.Audiences = ["https://orders.acme.test/"];
            options.Introspection.Issuer = new Uri("https://as.acme.test");
            options.Introspection.ClientId = "rs-orders";
        });
        services.AddAuthorization();
    }

    public static void Map(WebApplication app) => app.MapGet("/orders", (ClaimsPrincipal user) => $"Orders of {user.Identity!.Name}").RequireScope("orders:read");
}
// guide: end

using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Limits;

/// <summary>From where a client may call, and whose word about that counts.</summary>
public sealed class AllowedAddressTests
{
    private const string NotFromHere = "This client may not call from this address.";

    private static Task<TestServer> StartAsync(params string[] proxies) => TestServer.StartAsync(options => options.Limits.TrustedProxies = [.. proxies]);

    private static Task<TestClient> AddAsync(TestServer server, params string[] addresses) =>
        server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi }, limits = new { allow_addresses = addresses } });

    [Theory]
    [InlineData("127.0.0.1", true), InlineData("127.0.0.0/8", true), InlineData("::ffff:127.0.0.1", true), InlineData("192.0.2.0/24", false), InlineData("::1", false)]
    public async Task A_client_calls_from_its_addresses_only(string address, bool isAllowed)
    {
        await using var server = await StartAsync();
        var orders = await AddAsync(server, "198.51.100.7", address);
        foreach (var endpoint in (string[])[OAuthCalls.Introspect, OAuthCalls.Revoke, OAuthCalls.Token])
        {
            var answer = await server.OAuth.PostAsync(endpoint, orders);
            if (isAllowed) answer.ShouldBeError(400, "invalid_request");
            else answer.ShouldBeError(403, "access_denied", NotFromHere);
        }
    }

    [Fact]
    public async Task Who_does_not_know_the_secret_learns_nothing_of_addresses()
    {
        await using var server = await StartAsync();
        var orders = await AddAsync(server, "192.0.2.1");
        (await server.OAuth.IntrospectAsync("x", orders with { Secret = "wrong" })).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task An_administrator_too_is_bound_to_its_addresses()
    {
        await using var server = await StartAsync("127.0.0.1");
        await server.Admin.ChangeAsync("admin", "limits", new { allow_addresses = new[] { "127.0.0.1" } });
        using var request = new HttpRequestMessage(HttpMethod.Get, AdminCalls.Clients);
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", "192.0.2.1");
        (await server.Admin.SendAsync(request)).ShouldBeProblem(403, "The client of this token may not call from this address.");
        (await server.Admin.GetAsync(AdminCalls.Clients)).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("192.0.2.1"), InlineData("203.0.113.9, 192.0.2.1"), InlineData("192.0.2.1:5000"), InlineData("::ffff:192.0.2.1"), InlineData("203.0.113.9,192.0.2.1 , 10.0.0.3")]
    public async Task L41_Behind_a_trusted_proxy_the_last_address_that_is_no_proxy_counts(string header)
    {
        await using var server = await StartAsync("127.0.0.1", "10.0.0.0/8");
        var orders = await AddAsync(server, "192.0.2.1");
        (await server.IntrospectFromAsync(header, "x", orders)).ShouldBeInactive();
    }

    [Theory]
    [InlineData("192.0.2.1, 203.0.113.9"), InlineData(""), InlineData("192.0.2.1, nonsense"), InlineData("192.0.2.1, "), InlineData("unknown"), InlineData("10.0.0.3")]
    public async Task L41_What_a_caller_wrote_itself_and_what_cannot_be_read_does_not_count(string header)
    {
        await using var server = await StartAsync("127.0.0.1", "10.0.0.0/8");
        var orders = await AddAsync(server, "192.0.2.1");
        (await server.IntrospectFromAsync(header, "x", orders)).ShouldBeError(403, "access_denied", NotFromHere);
    }

    [Fact]
    public async Task L41_From_anybody_else_the_header_is_ignored()
    {
        await using var server = await StartAsync("192.0.2.99");
        var orders = await AddAsync(server, "192.0.2.1");
        (await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBeError(403, "access_denied", NotFromHere);
    }

    [Fact]
    public async Task L42_Forwarded_and_its_like_are_never_read()
    {
        await using var server = await StartAsync("127.0.0.1");
        var orders = await AddAsync(server, "192.0.2.1");
        var answer = await server.SendRawAsync(
            $"POST /oauth/introspect HTTP/1.1\nHost: a\nConnection: close\nForwarded: for=192.0.2.1\nX-Real-IP: 192.0.2.1\nX-Original-For: 192.0.2.1\nAuthorization: {orders.Basic}\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 7\n\ntoken=x");
        answer.ShouldBeError(403, "access_denied", NotFromHere);
    }

    [Fact]
    public async Task The_audit_tells_the_address_behind_the_proxy()
    {
        using var folder = new Tests.Audit.AuditedFolder();
        await using (var server = await TestServer.StartAsync(options => options.Limits.TrustedProxies = ["127.0.0.1"], data: folder.Data))
        {
            var orders = await AddAsync(server, "192.0.2.1");
            await server.IntrospectFromAsync("192.0.2.77", "x", orders);
            await server.Services.GetRequiredService<AuditLog>().FlushAsync();
        }
        var record = folder.Records(AuditKind.AccessRefused).Single();
        record.GetProperty("address").GetString().ShouldBe("192.0.2.77");
        record.GetProperty("reason").GetString().ShouldBe("address_not_allowed");
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Tests.ForwardAuth;

namespace Touchstone.Sidecar.Tests.Introspection;

/// <summary><c>forward: caller</c>: the server is asked as whoever asks, and what one sees no other does.</summary>
public sealed class ForwardCallerTests
{
    [Fact]
    public async Task I47_Each_caller_is_told_what_the_server_tells_it_and_nothing_of_anothers()
    {
        await using var site = await SidecarSite.OpenAsync();
        var orders = await site.Server.Admin.AddClientAsync(new { client_id = "orders-api", kind = "resource-server", audience = new[] { SidecarSite.Api } });
        var billing = await site.Server.Admin.AddClientAsync(new { client_id = "billing-api", kind = "resource-server", audience = new[] { "https://billing.acme.test/" } });
        await using var sidecar = await StartAsync(site, $"introspect: {{ forward: caller, callers: [{{ client_id: {orders.Id}, client_secret: \"{orders.Secret}\" }}, {{ client_id: {billing.Id}, client_secret: \"{billing.Secret}\" }}, {{ client_id: stranger, client_secret: \"not at the server\" }}] }}");
        var at = new Uri(sidecar.Addresses.First());
        var token = await site.TokenAsync();

        for (var i = 0; i < 2; i++)
        {
            (await AskAsync(site.Http, at, orders.Id, orders.Secret, token)).Json.GetProperty("active").GetBoolean().ShouldBeTrue();
            (await AskAsync(site.Http, at, billing.Id, billing.Secret, token)).Json.GetRawText().ShouldBe("{\"active\":false}");
        }
        (await AskAsync(site.Http, at, orders.Id, billing.Secret, token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync(site.Http, at, "stranger", "not at the server", token)).Status.ShouldBe(HttpStatusCode.Forbidden);

        // Unfollowed: a revocation counts once the answer is as old as it may be.
        await site.Server.Admin.RevokeAsync(token);
        (await AskAsync(site.Http, at, orders.Id, orders.Secret, token)).Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        site.Server.Time.AdvanceSeconds(11);
        (await AskAsync(site.Http, at, orders.Id, orders.Secret, token)).Json.GetProperty("active").GetBoolean().ShouldBeFalse();

        var status = JsonElement.Parse(await site.Http.GetStringAsync(new Uri(new Uri(sidecar.Admin!), "/status"))).GetProperty("issuers");
        status.EnumerateArray().Select(one => one.GetProperty("feed").GetString()).Skip(1).ShouldAllBe(feed => feed == "Plain");
        status[1].GetProperty("name").GetString()!.ShouldEndWith("/oauth/introspect as orders-api");
    }

    [Theory]
    [InlineData("introspect: { forward: sidecar, callers: { client_id: a, client_secret: b } }", "only value is caller")]
    [InlineData("introspect: { forward: caller, socket_peers: true, callers: { client_id: a, client_secret: b } }", "none to ask the server with")]
    [InlineData("introspect: { forward: caller, max_ttl: 1m, callers: { client_id: a, client_secret: b } }", "plain_ttl counts")]
    public void L47_What_does_not_go_with_it_is_told(string more, string says) =>
        SidecarConfigReader.Read("issuers: { issuer: https://as.acme.test, client_id: a, client_secret: s }\nrules: { name: r, paths: /** }\n" + more, ".").Faults.ShouldHaveSingleItem().Message.ShouldContain(says);

    [Fact]
    public void A_secret_goes_to_no_second_issuer() =>
        SidecarConfigReader.Read("issuers: [{ issuer: https://as.acme.test, client_id: a, client_secret: s }, { issuer: https://other.test, client_id: a, client_secret: s }]\nrules: { name: r, paths: /** }\nintrospect: { forward: caller, callers: { client_id: a, client_secret: b } }", ".").Faults.ShouldHaveSingleItem().Message.ShouldContain("goes with one");

    private static async Task<SidecarApp> StartAsync(SidecarSite site, string more)
    {
        site.Rewrite(text => text.Replace("realm: orders", "realm: orders\n" + more, StringComparison.Ordinal));
        var (config, faults) = SidecarConfigReader.ReadFile(site.File);
        return await SidecarApp.StartAsync(config.ShouldNotBeNull(string.Join('\n', faults)), site.File, time: site.Server.Time);
    }

    private static async Task<(HttpStatusCode Status, JsonElement Json)> AskAsync(HttpClient http, Uri at, string id, string? secret, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(at, "/introspect")) { Content = new StringContent("token=" + token, Encoding.ASCII, "application/x-www-form-urlencoded") };
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(Protocol.ClientAuth.ClientCredentials.Basic(id, secret!));
        using var response = await http.SendAsync(request);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }
}

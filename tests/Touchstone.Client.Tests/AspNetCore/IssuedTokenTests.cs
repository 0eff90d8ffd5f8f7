using System.Net;
using System.Net.Http.Headers;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>A token that the real server bound, at an API with the handler.</summary>
public sealed class IssuedTokenTests
{
    private readonly DPoPKey _key = new();

    [Fact]
    public async Task O05_O09_O10_O29_A_token_that_the_server_bound_is_good_with_its_key_and_not_without()
    {
        await using var server = await TestServer.StartAsync();
        var orders = await server.Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { Shop.Api } });
        var shop = await server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Shop.Api }, scope = "orders:read", grants = new { dpop_bound_access_tokens = true } });
        await using var api = await Api.StartAsync(
            scheme => scheme.Introspection = new() { IntrospectionEndpoint = new Uri(server.Address, "/oauth/introspect"), ClientId = orders.Id, ClientSecret = orders.Secret, Retries = 0 }, server.Time);
        var token = await TokenAsync(server, shop);
        var uri = new Uri(api.Http.BaseAddress!, "/read").ToString();

        (await SendAsync(api, "DPoP " + token, _key.Proof(uri, token, server.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await SendAsync(api, "Bearer " + token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await SendAsync(api, "DPoP " + token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await SendAsync(api, "DPoP " + token, new DPoPKey().Proof(uri, token, server.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        api.Reached.ShouldBe(1);
    }

    private async Task<string> TokenAsync(TestServer server, TestClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Token);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(client.Basic);
        request.Headers.TryAddWithoutValidation("DPoP", _key.Proof(TestServer.DefaultIssuer + OAuthCalls.Token, "", server.Time.Seconds, "POST"));
        request.Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        var answer = await server.OAuth.SendAsync(request);
        answer.Status.ShouldBe(200, answer.ToString());
        answer.Json.GetProperty("token_type").GetString().ShouldBe("DPoP");
        return answer.Json.GetProperty("access_token").GetString()!;
    }

    private static async Task<HttpResponseMessage> SendAsync(Api api, string authorization, string? proof = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/read");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (proof is not null) request.Headers.TryAddWithoutValidation("DPoP", proof);
        return await api.Http.SendAsync(request);
    }
}

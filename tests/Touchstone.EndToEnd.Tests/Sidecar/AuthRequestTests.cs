using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>What auth_request of real nginx makes of the answers of the sidecar, with samples/nginx as it is shipped.</summary>
[Collection(LoadCollection.Name)]
public sealed class AuthRequestTests
{
    [Fact]
    public async Task NX01_NX02_NX03_NX04_nginx_passes_on_what_the_sidecar_says_and_the_service_gets_the_request_as_it_was()
    {
        ProxySite.Need(SampleProxy.Nginx);
        await using var site = await ProxySite.StartAsync(SampleProxy.Nginx);
        var token = site.Server.DemoToken;
        var reader = (await site.Server.OAuth.PostAsync("/oauth/token", site.Server.DemoClient, ("grant_type", "client_credentials"), ("scope", "orders:read"))).Json.GetProperty("access_token").GetString()!;

        // 401 and 403 reach the client, each with its challenge: nginx drops that of a 403, and the sample puts it back.
        var unknown = await AskAsync("GET", "/orders", "made-up");
        (unknown.Status, unknown.Header("WWW-Authenticate")).ShouldBe((401, "Bearer realm=\"demo\", error=\"invalid_token\", error_description=\"The token is not active.\""));
        var malformed = await AskAsync("GET", "/orders", "a,b");
        malformed.Status.ShouldBe(401);
        malformed.Header("WWW-Authenticate").ShouldNotBeNull().ShouldContain("error=\"invalid_request\"");
        var scope = await AskAsync("POST", "/orders", reader);
        (scope.Status, scope.Header("WWW-Authenticate")).ShouldBe((403, "Bearer realm=\"demo\", error=\"insufficient_scope\", scope=\"orders:write\""));
        site.Service.Reached.ShouldNotContain("/orders");

        // The sidecar is asked with a GET that has no body, about the method and the target of the client; the service gets all of it, and who asks.
        // A larger one nginx would put into the folder of this test, which it may not enter where it gave up being root.
        var body = new string('b', 10_000);
        (await AskAsync("POST", "/orders?x=%2F1", token, body)).Text.ShouldBe("POST /orders X-User=alice X-Scope=orders:read orders:write");
        (await AskAsync("POST", "/orders/17", token, body)).Status.ShouldBe(403, "the rule is for another method");
    }

    private static Task<Answer> AskAsync(string method, string target, string token, string body = "") =>
        RawHttp.SendAsync(ProxySite.Front, $"{method} {target} HTTP/1.1\nHost: a.test\nAuthorization: Bearer {token}\nContent-Length: {body.Length}\nConnection: close\n\n{body}");
}

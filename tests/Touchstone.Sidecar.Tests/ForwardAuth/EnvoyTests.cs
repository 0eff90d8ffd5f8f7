using System.Net;

namespace Touchstone.Sidecar.Tests.ForwardAuth;

/// <summary>What ext_authz of Envoy sends over HTTP, and what it makes of an answer.</summary>
public sealed class EnvoyTests : IAsyncLifetime
{
    private const string Host = "orders.acme.test";

    private SidecarSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await SidecarSite.OpenAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task EA01_Method_host_path_and_Authorization_of_the_check_itself_decide_and_nothing_else()
    {
        var token = await _site.TokenAsync();
        (await CheckAsync("GET", "/orders/17?x=1", token)).Status.ShouldBe(200);
        (await CheckAsync("POST", "/orders", token)).Status.ShouldBe(403, "another method");
        (await CheckAsync("GET", "/orders", token, host: "other.test")).Status.ShouldBe(403, "another host");
        (await CheckAsync("GET", "/nowhere", token)).Status.ShouldBe(403, "another path");
        (await CheckAsync("GET", "/orders", null)).Status.ShouldBe(401);
        // What other proxies would say of the request counts for nothing here.
        (await CheckAsync("GET", "/nowhere", token, "X-Forwarded-Uri: /orders\nX-Original-URI: /orders\nX-Forwarded-Method: GET\nX-Forwarded-Host: orders.acme.test\n")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task EA02_Only_what_passes_is_200_and_only_what_nobody_can_tell_is_an_error()
    {
        var token = await _site.TokenAsync();
        (await CheckAsync("GET", "/orders", token)).Status.ShouldBe(200);
        (await CheckAsync("GET", "/orders", "a,b")).Status.ShouldBe(400);
        (await CheckAsync("GET", "/healthz/..%2fadmin", token)).Status.ShouldBe(400);
        (await CheckAsync("GET", "/orders", token, "X_User: root\n")).Status.ShouldBe(400);
        (await CheckAsync("GET", "/orders", "made-up")).Status.ShouldBe(401);
        (await CheckAsync("GET", "/payments", token)).Status.ShouldBe(401);
        (await CheckAsync("GET", "/admin", token)).Status.ShouldBe(403);
        await _site.Server.DisposeAsync();
        (await CheckAsync("GET", "/orders", "never-seen")).Status.ShouldBe(503);
    }

    [Fact]
    public async Task EA03_What_passes_says_who_it_is_and_what_does_not_says_the_client_why()
    {
        var token = await _site.TokenAsync();
        var passed = await CheckAsync("GET", "/orders", token);
        (passed.Header("X-User"), passed.Header("X-Tenant"), passed.Header("WWW-Authenticate")).ShouldBe(("alice", "-", null));
        var refused = await CheckAsync("POST", "/orders", token);
        (refused.Status, refused.Header("WWW-Authenticate"), refused.Header("X-User"), refused.Header("X-Tenant")).ShouldBe((403, "Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"orders:read orders:write\"", null, null));
    }

    [Fact]
    public async Task EA04_A_body_that_comes_with_the_check_changes_nothing_whole_or_not()
    {
        var token = await _site.TokenAsync("orders:read orders:write");
        foreach (var part in new[] { "true", "false" })
        {
            foreach (var (target, status) in new[] { ("/orders", HttpStatusCode.OK), ("/nowhere", HttpStatusCode.Forbidden) })
            {
                using var check = new HttpRequestMessage(HttpMethod.Post, new Uri(_site.Address, "/auth/envoy" + target)) { Content = new FormUrlEncodedContent([new("access_token", "x"), new("more", new string('m', 20_000))]) };
                check.Headers.Host = Host;
                check.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
                check.Headers.TryAddWithoutValidation("x-envoy-auth-partial-body", part);
                using var answer = await _site.Http.SendAsync(check);
                (answer.StatusCode, answer.Content.Headers.ContentLength).ShouldBe((status, 0));
            }
        }
    }

    [Theory]
    [InlineData("GET"), InlineData("HEAD"), InlineData("POST"), InlineData("PUT"), InlineData("PATCH"), InlineData("DELETE"), InlineData("OPTIONS"), InlineData("TRACE"), InlineData("PROPFIND"), InlineData("QUERY")]
    public async Task EA05_Every_method_and_any_path_is_judged_and_every_identity_header_is_overridden(string method)
    {
        var passed = await CheckAsync(method, "/healthz", null, "X-User: root\nX-Tenant: all\n");
        (passed.Status, passed.Body.Length, passed.Header("Content-Length"), passed.Header("X-User"), passed.Header("X-Tenant")).ShouldBe((200, 0, "0", "-", "-"));
        foreach (var target in new[] { "/", "/health/live", "/auth/nginx", "/introspect", "/k8s/tokenreview", "/a/very/long/" + new string('p', 2000), "/nowhere?q=%20" })
        {
            var refused = await CheckAsync(method, target, null);
            (refused.Status, refused.Header("Touchstone-Reason")).ShouldBe((403, "no_rule"), target);
        }
    }

    // As Envoy sends it: the request line of the client under the prefix, and no body.
    private Task<Answer> CheckAsync(string method, string target, string? token, string more = "", string host = Host) => RawHttp.SendAsync(_site.Address,
        $"{method} /auth/envoy{target} HTTP/1.1\nHost: {host}\n{(token is null ? "" : $"Authorization: Bearer {token}\n")}{more}Content-Length: 0\nConnection: close\n\n");
}

namespace Touchstone.Sidecar.Tests.ForwardAuth;

/// <summary>What auth_request of nginx sends, and what it makes of an answer.</summary>
public sealed class NginxTests : IAsyncLifetime
{
    private const string Host = "orders.acme.test";

    private SidecarSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await SidecarSite.OpenAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task NX01_No_answer_is_one_that_nginx_makes_a_500_of()
    {
        var token = await _site.TokenAsync();
        (await AskAsync("GET", "/orders", token)).Status.ShouldBe(200);
        foreach (var (method, target, presented, more, status) in new[]
        {
            ("GET", "/orders", null, "", 401), ("GET", "/orders", "a,b", "", 401), ("GET", "/orders", "made-up", "", 401), ("GET", "/billing", token, "", 401), ("GET", "/payments", token, "", 401),
            ("POST", "/orders", token, "", 403), ("GET", "/admin", token, "", 403), ("GET", "/nowhere", token, "", 403), ("GET", "/healthz/..%2fadmin", token, "", 403), ("G@T", "/healthz", token, "", 403),
            ("GET", "/orders", token, "X_User: root\n", 403), ("GET", "/orders", token, "X-Original-URI: /healthz\n", 403), ("GET", "/orders", token, "Authorization: Basic YTpi\n", 403), ("GET", "/" + new string('a', 9000), token, "", 403),
        }) (await AskAsync(method, target, presented, more)).Status.ShouldBe(status, $"{method} {target} {more}");
        await _site.Server.DisposeAsync();
        (await AskAsync("GET", "/orders", "never-seen")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task NX02_Each_401_has_its_challenge_and_a_403_has_one_for_a_configuration_to_put_back()
    {
        var token = await _site.TokenAsync();
        foreach (var (target, presented, error) in new[] { ("/orders", null, "realm=\"orders\""), ("/orders", "a,b", "error=\"invalid_request\""), ("/orders", "made-up", "error=\"invalid_token\""), ("/payments", token, "error=\"insufficient_user_authentication\"") })
        {
            var answer = await AskAsync("GET", target, presented);
            (answer.Status, answer.All("WWW-Authenticate").ShouldHaveSingleItem().Contains(error, StringComparison.Ordinal)).ShouldBe((401, true), answer.ToString());
        }
        (await AskAsync("POST", "/orders", token)).Header("WWW-Authenticate").ShouldBe("Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"orders:read orders:write\"");
    }

    [Fact]
    public async Task NX03_The_request_is_the_one_that_its_headers_tell_of_and_no_body_comes_or_goes()
    {
        var token = await _site.TokenAsync("orders:read orders:write");
        foreach (var (method, target) in new[] { ("POST", "/orders"), ("GET", "/orders/17?x=1"), ("HEAD", "/orders") })
        {
            // The subrequest is a GET of its own path, whatever the request is.
            var answer = await AskAsync(method, target, token, subrequest: "/auth/nginx?from=/nowhere");
            (answer.Status, answer.Header("Content-Length"), answer.Body.Length).ShouldBe((200, "0", 0), target);
        }
        var refused = await AskAsync("DELETE", "/orders", token);
        (refused.Status, refused.Header("Content-Length"), refused.Body.Length).ShouldBe((403, "0", 0));
    }

    [Fact]
    public async Task NX04_Each_header_that_a_configuration_takes_over_is_in_every_answer_that_passes_and_once()
    {
        var token = await _site.TokenAsync();
        foreach (var (target, user, reason) in new[] { ("/orders", "alice", "allowed"), ("/healthz", "-", "anybody") })
        {
            var answer = await AskAsync("GET", target, token, "X-User: root\nX-Tenant: all\n");
            (answer.Status, answer.Header("X-User"), answer.Header("X-Tenant"), answer.Header("Touchstone-Reason")).ShouldBe((200, user, "-", reason));
        }
    }

    private Task<Answer> AskAsync(string method, string target, string? token, string more = "", string subrequest = "/auth/nginx") => RawHttp.SendAsync(_site.Address,
        $"GET {subrequest} HTTP/1.1\nHost: sidecar\nX-Original-Method: {method}\nX-Original-Host: {Host}\nX-Original-URI: {target}\n{(token is null ? "" : $"Authorization: Bearer {token}\n")}{more}Connection: close\n\n");
}

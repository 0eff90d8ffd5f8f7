using System.Net;

namespace Touchstone.Sidecar.Tests.ForwardAuth;

/// <summary>What each proxy is answered, by a real sidecar beside a real server.</summary>
public sealed class ForwardAuthTests : IAsyncLifetime
{
    private const string Host = "orders.acme.test";

    private SidecarSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await SidecarSite.OpenAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    public static TheoryData<string> Proxies => ["nginx", "envoy", "traefik", "caddy", "haproxy"];

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task A_token_that_meets_the_rule_passes_with_every_header_of_the_rule_and_no_body(string proxy)
    {
        var response = await _site.AskAsync(proxy, "GET", Host, "/orders/17?x=1", await _site.TokenAsync());
        (response.StatusCode, Header(response, "X-User"), Header(response, "X-Tenant"), Header(response, "Touchstone-Reason")).ShouldBe((HttpStatusCode.OK, "alice", "-", "allowed"));
        response.Content.Headers.ContentLength.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task What_does_not_pass_is_challenged_as_it_should_be(string proxy)
    {
        var token = await _site.TokenAsync();
        var none = await _site.AskAsync(proxy, "GET", Host, "/orders", null);
        (none.StatusCode, Challenge(none)).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\""));
        var bad = await _site.AskAsync(proxy, "GET", Host, "/orders", "made-up");
        (bad.StatusCode, Challenge(bad)).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\", error=\"invalid_token\", error_description=\"The token is not active.\""));
        var scope = await _site.AskAsync(proxy, "POST", Host, "/orders", token);
        (scope.StatusCode, Challenge(scope)).ShouldBe((HttpStatusCode.Forbidden, "Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"orders:read orders:write\""));
        var audience = await _site.AskAsync(proxy, "GET", Host, "/billing", token);
        (audience.StatusCode, Header(audience, "Touchstone-Reason")).ShouldBe((HttpStatusCode.Unauthorized, "audience"));
        var step = await _site.AskAsync(proxy, "GET", Host, "/payments", token);
        (step.StatusCode, Challenge(step)).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\", error=\"insufficient_user_authentication\", error_description=\"Another authentication of the user is needed.\", acr_values=\"aal2\", max_age=\"300\""));
        (await _site.AskAsync(proxy, "GET", Host, "/admin", token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await _site.AskAsync(proxy, "GET", Host, "/nowhere", token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await _site.AskAsync(proxy, "GET", "other.test", "/orders", token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await _site.AskAsync(proxy, "GET", Host, "/healthz", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task F12_L44_Every_answer_that_lets_pass_has_every_header_that_any_rule_sets(string proxy)
    {
        foreach (var (method, target) in new[] { ("GET", "/healthz"), ("POST", "/orders") })
        {
            var response = await _site.AskAsync(proxy, method, Host, target, await _site.TokenAsync("orders:read orders:write"), ("X-User", "root"));
            (response.StatusCode, Header(response, "X-User"), Header(response, "X-Tenant")).ShouldBe((HttpStatusCode.OK, "-", "-"), target);
        }
    }

    [Fact]
    public async Task L47_What_nginx_would_make_a_500_of_is_answered()
    {
        var answer = await RawHttp.SendAsync(_site.Address, $"GET /auth/nginx HTTP/1.1\nHost: a\nX-Original-Method: GET\nX-Original-Host: {Host}\nX-Original-URI: /healthz\nUser-Agent: caf\u00e9\n{string.Concat(Enumerable.Range(0, 300).Select(i => $"X-H{i}: {new string('v', 200)}\n"))}Connection: close\n\n");
        answer.Status.ShouldBe(200);
        (await RawHttp.SendAsync(_site.Address, $"GET /auth/nginx HTTP/1.1\nHost: a\nX-Original-Method: GET\nX-Original-Host: {Host}\nX-Original-URI: /caf\u00e9\nConnection: close\n\n")).Status.ShouldBe(403);
    }

    [Theory]
    [InlineData("nginx", 403), InlineData("traefik", 400), InlineData("caddy", 400), InlineData("haproxy", 400)]
    public async Task L40_A_path_that_can_be_read_in_two_ways_is_refused_where_anybody_may_pass(string proxy, int status)
    {
        foreach (var target in new[] { "/healthz/../admin", "/healthz/%2e%2e/admin", "//healthz", "/healthz;x", "/%68ealthz/..%2fadmin", "/healthz%00", "healthz", "http://orders.acme.test/healthz" })
        {
            var response = await _site.AskAsync(proxy, "GET", Host, target, await _site.TokenAsync());
            ((int)response.StatusCode, Header(response, "Touchstone-Reason")).ShouldBe((status, "ambiguous_path"), target);
        }
    }

    [Fact]
    public async Task L41_Envoy_is_judged_by_the_path_behind_the_prefix_as_it_came()
    {
        (await _site.AskAsync("envoy", "GET", Host, "/healthz/..%2fadmin", null)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await _site.AskAsync("envoy", "GET", Host, "", null)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("nginx"), InlineData("traefik"), InlineData("caddy"), InlineData("haproxy")]
    public async Task L41_A_set_of_headers_that_is_not_whole_is_refused_and_nothing_takes_its_place(string proxy)
    {
        using var bare = new HttpRequestMessage(HttpMethod.Get, new Uri(_site.Address, $"/auth/{proxy}"));
        var response = await _site.Http.SendAsync(bare);
        (response.StatusCode is HttpStatusCode.OK, Header(response, "Touchstone-Reason")).ShouldBe((false, "incomplete"));
    }

    [Fact]
    public async Task L45_What_stands_twice_is_refused()
    {
        var token = await _site.TokenAsync();
        foreach (var twice in new[] { "X-Forwarded-Uri: /healthz", "X-Forwarded-Host: orders.acme.test", "X-Forwarded-Method: GET", "Authorization: Bearer " + token })
        {
            var answer = await RawHttp.SendAsync(_site.Address, $"GET /auth/traefik HTTP/1.1\nHost: a\nX-Forwarded-Method: GET\nX-Forwarded-Host: {Host}\nX-Forwarded-Uri: /orders\nAuthorization: Bearer {token}\n{twice}\nConnection: close\n\n");
            (answer.Status, answer.Header("Touchstone-Reason")).ShouldBe((400, "incomplete"), twice);
        }
    }

    [Theory]
    [InlineData("X_User"), InlineData("x.user"), InlineData("X~User"), InlineData("X_Forwarded_Uri"), InlineData("x_tenant"), InlineData("X-HTTP-Method-Override"), InlineData("X-Original-URL"), InlineData("x_rewrite_url")]
    public async Task F12_L43_An_alias_of_a_header_that_means_something_is_refused(string name)
    {
        var response = await _site.AskAsync("traefik", "GET", Host, "/orders", await _site.TokenAsync(), (name, "root"));
        (response.StatusCode, Header(response, "Touchstone-Reason")).ShouldBe((HttpStatusCode.BadRequest, "alias_of_header"));
        (await _site.AskAsync("traefik", "GET", Host, "/orders", await _site.TokenAsync(), ("x_other", "1"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task L42_Other_forwarding_headers_are_not_looked_at()
    {
        var response = await _site.AskAsync("nginx", "GET", Host, "/orders", null, ("Forwarded", "for=1;host=x"), ("X-Forwarded-Uri", "/healthz"), ("X-Forwarded-Prefix", "/healthz"));
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task F12_L41_A_peer_that_is_no_proxy_is_refused_whatever_it_says()
    {
        await using var site = await SidecarSite.OpenAsync(more: "trusted_proxies: 10.0.0.0/8");
        foreach (var proxy in Proxies.Select(row => row.Data))
        {
            var response = await site.AskAsync(proxy, "GET", Host, "/healthz", null);
            (response.StatusCode, Header(response, "Touchstone-Reason")).ShouldBe((HttpStatusCode.Forbidden, "untrusted_peer"));
        }
    }

    [Fact]
    public async Task L46_Nothing_but_the_listener_of_operators_answers_health()
    {
        (await _site.Http.GetAsync(new Uri(_site.Address, "/health/live"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await _site.Http.GetAsync(new Uri(_site.Address, "/auth/other"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        foreach (var path in new[] { "/health/live", "/health/ready", "/status" }) (await _site.Http.GetAsync(new Uri(_site.Admin, path))).StatusCode.ShouldBe(HttpStatusCode.OK, path);
        (await _site.Http.GetAsync(new Uri(_site.Admin, "/auth/nginx"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task L07_A_token_in_memory_is_judged_by_the_rule_of_each_request()
    {
        var token = await _site.TokenAsync(claims: new { role = "admin" });
        for (var i = 0; i < 2; i++)
        {
            (await _site.AskAsync("nginx", "GET", Host, "/orders", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await _site.AskAsync("nginx", "POST", Host, "/orders", token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await _site.AskAsync("nginx", "GET", Host, "/admin", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_revoked_token_is_refused_once_the_feed_has_told_of_it()
    {
        var token = await _site.TokenAsync();
        (await _site.AskAsync("nginx", "GET", Host, "/orders", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await _site.Server.Admin.RevokeAsync(token);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await _site.AskAsync("nginx", "GET", Host, "/orders", token)).StatusCode is HttpStatusCode.OK) patience.Token.ThrowIfCancellationRequested();
    }

    [Theory]
    [InlineData("nginx", "", 403), InlineData("nginx", "nginx_outage_status: 500", 500), InlineData("envoy", "", 503), InlineData("traefik", "", 503), InlineData("caddy", "", 503), InlineData("haproxy", "", 503)]
    public async Task NX05_When_nobody_can_be_asked_each_proxy_gets_what_it_passes_on_and_a_reason(string proxy, string more, int status)
    {
        await using var site = await SidecarSite.OpenAsync(more: more);
        var token = await site.TokenAsync();
        await site.Server.DisposeAsync();
        var response = await site.AskAsync(proxy, "GET", Host, "/orders", token);
        ((int)response.StatusCode, Header(response, "Touchstone-Reason"), response.Headers.RetryAfter?.ToString()).ShouldBe((status, "cannot_tell", "1"));
    }

    [Fact]
    public async Task A_file_that_changes_is_taken_as_a_whole_and_one_that_is_not_valid_changes_nothing()
    {
        var token = await _site.TokenAsync();
        _site.Rewrite(text => text.Replace("paths: /healthz", "paths: /livez", StringComparison.Ordinal));
        _site.Sidecar.Watcher.Look();
        _site.Sidecar.Rules.Now.Version.ShouldBe(1, "it may still be being written");
        _site.Sidecar.Watcher.Look();
        _site.Sidecar.Rules.Now.Version.ShouldBe(2);
        (await _site.AskAsync("nginx", "GET", Host, "/healthz", token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await _site.AskAsync("nginx", "GET", Host, "/livez", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        _site.Rewrite(text => text.Replace("paths: /livez", "paths: livez", StringComparison.Ordinal));
        for (var i = 0; i < 4; i++) _site.Sidecar.Watcher.Look();
        (_site.Sidecar.Rules.Now.Version, _site.Sidecar.Watcher.Refused).ShouldBe((2, 1));
        (await _site.AskAsync("nginx", "GET", Host, "/livez", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void What_counts_from_the_next_start_is_named_when_it_changes_and_nothing_of_it_is_told()
    {
        _site.Rewrite(text => text.Replace("paths: /healthz", "paths: /livez", StringComparison.Ordinal));
        Look();
        _site.Logs.Text.ShouldNotContain("next start");
        _site.Rewrite(text => text.Replace("realm: orders", "realm: others\ndrain: 5s", StringComparison.Ordinal).Replace("retries: 0", "retries: 1", StringComparison.Ordinal) + "\ntrusted_proxies: 127.0.0.0/8\n");
        Look();
        _site.Logs.Text.ShouldContain("in drain, issuers, realm, which counts from the next start only");
        _site.Logs.Text.ShouldNotContain("others");
        // Once.
        _site.Rewrite(text => text.Replace("paths: /livez", "paths: /healthz", StringComparison.Ordinal));
        Look();
        _site.Logs.Text.Split('\n').Count(line => line.Contains("next start", StringComparison.Ordinal)).ShouldBe(1);

        void Look()
        {
            for (var i = 0; i < 2; i++) _site.Sidecar.Watcher.Look();
        }
    }

    [Fact]
    public async Task Rules_that_change_a_hundred_times_under_load_fail_no_request_and_mix_with_none()
    {
        // Each version lets pass one of two paths; a request judged by half of each would pass both or none.
        var stop = new CancellationTokenSource();
        var token = await _site.TokenAsync();
        var (one, two) = ("paths: [\"/orders\", \"/orders/{id}\"]", "paths: [\"/orders/{id}\", \"/orders\"]");
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            for (; !stop.IsCancellationRequested; count++) (await _site.AskAsync("nginx", "GET", Host, count % 2 == 0 ? "/orders" : "/orders/7", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
            return count;
        })).ToArray();
        for (var i = 0; i < 100; i++)
        {
            _site.Rewrite(text => i % 2 == 0 ? text.Replace(one, two, StringComparison.Ordinal) : text.Replace(two, one, StringComparison.Ordinal));
            _site.Sidecar.Watcher.Look();
            _site.Sidecar.Watcher.Look();
            await Task.Yield();
        }
        await stop.CancelAsync();
        (await Task.WhenAll(load)).Sum().ShouldBeGreaterThan(0);
        _site.Sidecar.Rules.Now.Version.ShouldBeGreaterThanOrEqualTo(100);
    }

    private static string Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : "";

    private static string Challenge(HttpResponseMessage response) => response.Headers.WwwAuthenticate.SingleOrDefault()?.ToString() ?? "";

    [Theory]
    [InlineData("none", 0), InlineData("refused", 1), InlineData("all", 2)]
    public async Task L49_Decisions_are_logged_without_the_token_and_the_path(string logged, int count)
    {
        await using var site = await SidecarSite.OpenAsync(more: "log_decisions: " + logged);
        var token = await site.TokenAsync();
        await site.AskAsync("nginx", "GET", Host, "/orders/17", token);
        await site.AskAsync("nginx", "POST", Host, "/orders", token);
        var text = site.Logs.Text;
        text.ShouldNotContain(token);
        text.ShouldNotContain("/orders");
        text.Split('\n').Count(line => line.Contains("asked by nginx", StringComparison.Ordinal)).ShouldBe(count);
        if (count > 0) text.ShouldContain("insufficient_scope by rule write orders");
        text.ShouldNotContain("the policy says");
    }

    [Fact]
    public async Task What_a_proxy_left_out_and_who_is_not_trusted_stand_in_the_log_of_decisions()
    {
        await using var site = await SidecarSite.OpenAsync(more: "log_decisions: refused");
        using var bare = new HttpRequestMessage(HttpMethod.Get, new Uri(site.Address, "/auth/nginx")) { Headers = { { "X-Original-Method", "GET" }, { "X-Original-Host", Host } } };
        await site.Http.SendAsync(bare);
        site.Logs.Of(10).ShouldHaveSingleItem().Text.ShouldContain("missing, empty or there twice: X-Original-URI");

        await using var strict = await SidecarSite.OpenAsync(more: "log_decisions: refused\ntrusted_proxies: 10.0.0.0/8");
        await strict.AskAsync("nginx", "GET", Host, "/orders/17", null);
        strict.Logs.Of(10).ShouldHaveSingleItem().Text.ShouldContain("untrusted_peer by rule");
        strict.Logs.Of(10)[0].Text.ShouldContain("the peer is 127.0.0.1");
    }

    // Whoever sends requests chooses host and method: neither becomes another part of the line, nor a command to the terminal that shows it.
    [Fact]
    public async Task What_a_client_sends_forges_nothing_in_the_log()
    {
        await using var site = await SidecarSite.OpenAsync(more: "log_decisions: all");
        await site.AskAsync("nginx", "GET", "a.test, asked by envoy; from Server, 0 s old; client admin, jti 1", "/", null);
        await site.AskAsync("nginx", "GET", "a\u001b[2Jb.test", "/", null);
        await site.AskAsync("nginx", "GET at b.test", "a.test:8080", "/", null);
        await site.AskAsync("nginx", "GET", "[::1]:8080", "/", null);
        var text = site.Logs.Text;
        text.ShouldContain(": GET at a.test\\u002C\\u0020asked\\u0020by\\u0020envoy\\u003B\\u0020from\\u0020Server\\u002C\\u00200\\u0020s");
        text.ShouldNotContain("client admin");
        text.ShouldContain("GET at a\\u001B[2Jb.test, asked by nginx");
        text.ShouldContain(": GET\\u0020at\\u0020b.test at a.test:8080, asked by nginx");
        text.ShouldContain("GET at [::1]:8080, asked by nginx");
    }
}

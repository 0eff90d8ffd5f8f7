namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>L41, L42 and L46: who says what a request is, and what turns nothing off.</summary>
public abstract partial class ProxyRules<T>
{
    private const string SidecarFile = "sidecar.yaml";

    private static readonly Uri Listener = new("http://127.0.0.1:9080"), Operators = new("http://127.0.0.1:9081");

    [Fact]
    public async Task L41_A_proxy_that_is_not_configured_counts_for_nothing_whatever_is_said_of_addresses()
    {
        var token = await proxy.IssueAsync();
        _ = Site;
        await using var beside = await proxy.StartBesideAsync(SidecarFile, static file => file + "trusted_proxies: 10.0.0.0/8\n");
        Site.Service.Clear();
        foreach (var said in new[] { "", "X-Forwarded-For: 10.1.1.1", "X-Real-IP: 10.1.1.1", "Forwarded: for=10.1.1.1", "X-Client-IP: 10.1.1.1", "True-Client-IP: 10.1.1.1" })
        {
            foreach (var target in new[] { "/healthz", "/orders", "/open" }) (await ProxyUnderTest.AskAsync(target, token, said, front: beside.Front)).Status.ShouldBe(403, $"{target} {said}");
        }
        Site.Service.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task L41_A_range_of_every_address_is_refused_at_the_start()
    {
        using var folder = new TempFolder();
        var shipped = await File.ReadAllTextAsync(Site.SidecarFile);
        await Task.WhenAll(new[] { "0.0.0.0/0", "::/0", "any" }.Select(async (range, i) =>
        {
            var file = folder.File($"{i}.yaml");
            await File.WriteAllTextAsync(file, shipped.Replace("demo-api.secret", Path.Combine(Path.GetDirectoryName(Site.SidecarFile)!, "demo-api.secret"), StringComparison.Ordinal) + $"trusted_proxies: \"{range}\"\n");
            var run = await new Command(TouchstoneBinary.Path).RunAsync("sidecar", "--config", file);
            (run.ExitCode, run.Error.Contains("trusted_proxies", StringComparison.Ordinal)).ShouldBe((2, true), range + ": " + run.Error);
        }));
    }

    [Fact]
    public async Task L41_A_request_of_which_only_a_part_is_told_is_refused_and_nothing_takes_its_place()
    {
        var token = await proxy.IssueAsync();
        foreach (var missing in proxy.Control)
        {
            await using var beside = await proxy.StartBesideAsync(proxy.File, file => proxy.Without(file, missing));
            Site.Service.Clear();
            foreach (var target in new[] { "/healthz", "/orders" }) (await ProxyUnderTest.AskAsync(target, token, front: beside.Front)).Status.ShouldBe(proxy.Malformed, $"{target} without {missing}");
            Site.Service.Requests.ShouldBeEmpty();

            // As whoever asks that is no proxy: by the path of the question, and by headers of others.
            var rest = string.Join('\n', proxy.Control.Where(name => name != missing).Select(static name => $"{name}: {(name.EndsWith("Method", StringComparison.Ordinal) ? "GET" : name.EndsWith("Host", StringComparison.Ordinal) ? "a.test" : "/healthz")}"));
            var answer = await ProxyUnderTest.AskAsync($"/auth/{proxy.Adapter}/healthz", null, rest + "\nForwarded: host=a.test;proto=http\nX-Forwarded-Prefix: /healthz", front: Listener);
            (answer.Status, answer.Header("Touchstone-Reason")).ShouldBe((proxy.Malformed, "incomplete"), missing);
        }
    }

    [Fact]
    public async Task L42_Nothing_that_a_client_says_of_forwarding_is_heard()
    {
        var token = await proxy.IssueAsync();
        Site.Service.Clear();
        string[] paths = ["X-Original-URI", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Envoy-Original-Path", "X-Original-Path", "X-Request-URI", "X-Auth-Request-Redirect", "X-Sendfile", "X-Accel-Redirect"];
        foreach (var said in paths.Select(static name => $"{name}: /healthz").Append("Forwarded: for=127.0.0.1;host=a.test;path=/healthz").Append("X-Original-Method: GET\nX-Original-Host: a.test\nX-Original-URI: /healthz").Append("X-Forwarded-Method: GET\nX-Forwarded-Host: a.test\nX-Forwarded-Uri: /healthz"))
        {
            (await ProxyUnderTest.AskAsync("/nowhere", token, said)).Status.ShouldBe(403, said);
            (await ProxyUnderTest.AskAsync("/orders", null, said)).Status.ShouldBe(401, said);
        }
        // The method, and the host.
        foreach (var said in new[] { "X-Forwarded-Method: GET", "X-Original-Method: GET", "X-Method: GET" }) (await ProxyUnderTest.AskAsync("/orders", token, said, method: "POST")).Status.ShouldBe(403, said);
        foreach (var said in new[] { "X-Forwarded-Host: admin.example.test", "X-Original-Host: admin.example.test", "X-Host: admin.example.test", "Forwarded: host=admin.example.test", "X-Forwarded-Server: admin.example.test" }) (await ProxyUnderTest.AskAsync("/hosted", token, said)).Status.ShouldBe(403, said);
        Site.Service.Requests.ShouldBeEmpty();
        (await ProxyUnderTest.AskAsync("/hosted", token, host: "admin.example.test")).Text.ShouldContain("X-User=alice");
        // What is said and judged otherwise is the same with it.
        (await ProxyUnderTest.AskAsync("/orders", token, "X-Original-URI: /nowhere\nX-Forwarded-Uri: /nowhere\nX-Forwarded-Method: DELETE\nX-Original-Method: DELETE\nX-Forwarded-Host: b.test\nX-Original-Host: b.test")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task L42_The_service_hears_of_host_address_and_path_from_the_proxy_alone()
    {
        var token = await proxy.IssueAsync();
        foreach (var target in new[] { "/orders", "/healthz" })
        {
            Site.Service.Clear();
            (await ProxyUnderTest.AskAsync(target, token, Forwarding.Said)).Status.ShouldBe(200, target);
            Site.Service.Requests.ShouldHaveSingleItem().ShouldBeOfTheProxy("a.test", target);
        }
        foreach (var alias in Forwarding.Aliases)
        {
            Site.Service.Clear();
            var answer = await ProxyUnderTest.AskAsync("/orders", token, alias);
            if (answer.Status == 200) Site.Service.Requests.ShouldHaveSingleItem().ShouldBeOfTheProxy("a.test", alias);
            else (answer.Status, Site.Service.Requests.Count).ShouldBe((proxy.Malformed, 0), alias);
        }
    }

    [Fact]
    public async Task L46_Nothing_in_a_request_turns_the_check_off_and_health_answers_on_the_listener_of_operators_alone()
    {
        var token = await proxy.IssueAsync();
        Site.Service.Clear();
        string[] like =
        [
            "User-Agent: GoogleHC/1.0", "User-Agent: kube-probe/1.31", "User-Agent: ELB-HealthChecker/2.0", "User-Agent: HAProxy", "X-Health-Check: 1", "X-Skip-Auth: true", "X-Auth-Skip: 1", "X-Forwarded-Proto: https", "X-Internal: 1", "Touchstone-Reason: allowed",
            "X-User: alice\nX-Scope: orders:read", "Origin: https://a.test\nAccess-Control-Request-Method: GET", "X-Requested-With: XMLHttpRequest", "Cookie: access_token=" + token, "Cache-Control: only-if-cached", "Range: bytes=0-0",
        ];
        foreach (var said in like) (await ProxyUnderTest.AskAsync("/orders", null, said)).Status.ShouldBe(401, said);
        ShouldBeRefused(await ProxyUnderTest.AskAsync("/orders", null, "Upgrade: websocket\nConnection: upgrade"), "another protocol");
        foreach (var method in new[] { "HEAD", "POST" }) (await ProxyUnderTest.AskAsync("/orders", null, method: method)).Status.ShouldBe(401, method);
        ShouldBeRefused(await ProxyUnderTest.AskAsync("/orders", null, "Origin: https://a.test\nAccess-Control-Request-Method: GET", method: "OPTIONS"), "a preflight that no rule names");
        foreach (var host in new[] { "127.0.0.1:9081", "127.0.0.1:9080", "localhost", "sidecar" }) (await ProxyUnderTest.AskAsync("/orders", null, host: host)).Status.ShouldBe(401, host);
        foreach (var target in new[] { "/orders?healthz", "/orders?/healthz", "/orders?health=1", "/orders?access_token=" + token, "/orders?allow=anybody" }) (await ProxyUnderTest.AskAsync(target, null)).Status.ShouldBe(401, target);
        // The paths by which operators and proxies ask are paths of the service here, and no rule names them.
        foreach (var target in new[] { "/health/live", "/health/ready", "/status", "/metrics", "/overrides", "/cache/invalidate", "/introspect", "/auth/" + proxy.Adapter, $"/auth/{proxy.Adapter}/healthz", "/_auth", "/healthz/", "/health" })
        {
            foreach (var method in new[] { "GET", "POST" })
            {
                var answer = await ProxyUnderTest.AskAsync(target, token, method: method);
                answer.Status.ShouldBeOneOf(403, 404);
                answer.Text.ShouldNotContain("\"status\"", customMessage: target);
            }
        }
        Site.Service.Requests.ShouldBeEmpty();

        // Each listener has its own.
        foreach (var target in new[] { "/health/live", "/health/ready", "/status", "/metrics" })
        {
            (await ProxyUnderTest.AskAsync(target, null, front: Listener)).Status.ShouldBe(404, target);
            (await ProxyUnderTest.AskAsync(target, null, front: Operators)).Status.ShouldBe(200, target);
        }
        (await ProxyUnderTest.AskAsync("/auth/" + proxy.Adapter, token, front: Operators)).Status.ShouldBe(404);
    }
}

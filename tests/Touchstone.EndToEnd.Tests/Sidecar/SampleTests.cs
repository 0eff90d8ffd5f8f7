using System.Net;
using Touchstone.EndToEnd.Tests.Load;
using Touchstone.Sidecar.Tests.Rules;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>A sample as it is shipped: its proxy, the sidecar, and the demo server, with a service behind.</summary>
[Collection(LoadCollection.Name)]
public abstract class SampleTests
{
    private protected abstract SampleProxy Proxy { get; }

    /// <summary>What a client is told where the sidecar does not answer.</summary>
    private protected virtual HttpStatusCode WithoutSidecar => HttpStatusCode.ServiceUnavailable;

    /// <summary>Whether the proxy makes a path normal before it asks, and passes on that one.</summary>
    private protected virtual bool MakesPathsNormal => false;

    /// <summary>An alias of a header by which the proxy tells of the request.</summary>
    private protected virtual string AliasOfControl => "X_Scope: all";

    [Fact]
    public async Task L44_The_service_is_told_who_asks_by_the_sidecar_and_by_nobody_else()
    {
        ProxySite.Need(Proxy);
        await using var site = await ProxySite.StartAsync(Proxy);
        var token = site.Server.DemoToken;

        var none = await site.GetAsync("/orders", null);
        (none.Status, none.Challenge).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"demo\""));
        var unknown = await site.GetAsync("/orders", "never-seen");
        unknown.Status.ShouldBe(HttpStatusCode.Unauthorized);
        unknown.Challenge.ShouldContain("error=\"invalid_token\"");
        var served = await site.GetAsync("/orders/17?x=1", token, ("X-User", "root"), ("X-Scope", "everything"));
        (served.Status, served.Body).ShouldBe((HttpStatusCode.OK, "GET /orders/17 X-User=alice X-Scope=orders:read orders:write"));
        var anybody = await site.GetAsync("/healthz", token, ("X-User", "root"));
        (anybody.Status, anybody.Body).ShouldBe((HttpStatusCode.OK, "GET /healthz X-User=- X-Scope=-"));
        (await RawAsync(token, "/orders", Forwarding.Said)).Status.ShouldBe(200);
        site.Service.Requests.Last().ShouldBeOfTheProxy("a.test", "L42");
        (await site.GetAsync("/nowhere", token)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await RawAsync(token, "/orders/17", method: "POST")).Status.ShouldBe(403, "the rule is for others");
        (await RawAsync(token, "/orders", method: "POST")).Text.ShouldStartWith("POST /orders X-User=alice");
    }

    [Fact]
    public async Task L40_L42_L43_L45_Whatever_a_client_calls_path_headers_or_itself_nothing_passes_that_no_rule_names()
    {
        ProxySite.Need(Proxy);
        await using var site = await ProxySite.StartAsync(Proxy);
        var token = site.Server.DemoToken;

        // A client says itself what is to be judged: that it is heard would be seen.
        site.Service.Reached.Clear();
        foreach (var said in new[] { "X-Original-URI: /healthz", "X-Forwarded-Uri: /healthz", "X-Forwarded-Prefix: /healthz", "Forwarded: for=127.0.0.1;path=/healthz", "X-Original-Method: GET\nX-Original-Host: a.test\nX-Original-URI: /healthz", "X-Envoy-Original-Path: /healthz", "Connection: X-Original-URI, X-Forwarded-Uri" })
            (await RawAsync(token, "/nowhere", said)).Status.ShouldBe(403, said);
        // Aliases, and what makes a service run another request; then what stands there twice.
        foreach (var said in new[] { "X_User: root", "x.user: root", "X~Scope: all", "X-HTTP-Method-Override: DELETE", "X-Original-URL: /nowhere", "X-Rewrite-URL: /nowhere", $"Authorization: Bearer {token}", "Authorization: Basic eDp5", AliasOfControl })
            (await RawAsync(token, "/orders", said)).Status.ShouldBe(400, said);
        site.Service.Reached.ShouldBeEmpty();

        var targets = Traversals.All.Where(target => target.StartsWith('/') && target.All(c => c is > ' ' and < (char)0x7f)).Select(target => target.Replace("/public", "/orders", StringComparison.Ordinal)).ToArray();
        targets.Length.ShouldBeGreaterThan(200);
        var refused = 0;
        foreach (var target in targets)
        {
            var answer = await RawAsync(token, target);
            if (answer.Status is 400 or 401 or 403) refused++;
            else if (!MakesPathsNormal) answer.Status.ShouldBe(403, target);
        }
        if (!MakesPathsNormal) refused.ShouldBe(targets.Length);
        refused.ShouldBeGreaterThan(200);
        foreach (var path in site.Service.Reached)
        {
            MakesPathsNormal.ShouldBeTrue(path);
            path.ShouldMatch("^/orders(/[^/]+)?$");
        }
    }

    [Fact]
    public async Task L47_Nothing_passes_that_was_revoked_and_where_nobody_answers_only_what_a_rule_lets_pass_then()
    {
        ProxySite.Need(Proxy);
        await using var site = await ProxySite.StartAsync(Proxy);
        var token = site.Server.DemoToken;
        (await site.GetAsync("/orders", token)).Status.ShouldBe(HttpStatusCode.OK);
        await site.RevokeAsync();
        await Until.TrueAsync(async () => (await site.GetAsync("/orders", token)).Status is HttpStatusCode.Unauthorized, "it is refused", TimeSpan.FromSeconds(2));

        // The server is gone: what nobody can be asked about is neither refused for good nor let pass, but for a rule that says so.
        await site.Server.Kill9Async();
        (await site.GetAsync("/orders", "never-seen")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await site.GetAsync("/healthz", null)).Status.ShouldBe(HttpStatusCode.OK);
        var file = await File.ReadAllTextAsync(site.SidecarFile);
        await File.WriteAllTextAsync(site.SidecarFile + ".new", file.Replace("rules:\n", "rules:\n  - { name: open, paths: /open, fail_mode: open, headers: { X-User: sub } }\n", StringComparison.Ordinal));
        File.Move(site.SidecarFile + ".new", site.SidecarFile, overwrite: true);
        await Until.TrueAsync(async () => (await site.GetAsync("/open", "never-seen")).Status is not HttpStatusCode.Forbidden, "the rules are read anew");
        var open = await site.GetAsync("/open", "never-seen", ("X-User", "root"));
        (open.Status, open.Body).ShouldBe((HttpStatusCode.OK, "GET /open X-User=- X-Scope=-"));
        (await site.GetAsync("/open", null)).Status.ShouldBe(HttpStatusCode.Unauthorized, "no token is no outage");
        (await site.GetAsync("/open", "a,b")).Status.ShouldBe(HttpStatusCode.BadRequest, "nor is one that is none");

        // The sidecar is gone: nothing passes at all.
        await site.KillSidecarAsync();
        site.Service.Reached.Clear();
        foreach (var path in new[] { "/healthz", "/orders", "/open" }) (await site.GetAsync(path, token)).Status.ShouldBe(WithoutSidecar, path);
        site.Service.Reached.ShouldBeEmpty();
    }

    private static Task<Answer> RawAsync(string token, string target, string more = "", string method = "GET") =>
        RawHttp.SendAsync(ProxySite.Front, $"{method} {target} HTTP/1.1\nHost: a.test\nAuthorization: Bearer {token}\n{(more.Length > 0 ? more + "\n" : "")}Content-Length: 0\nConnection: close\n\n");
}

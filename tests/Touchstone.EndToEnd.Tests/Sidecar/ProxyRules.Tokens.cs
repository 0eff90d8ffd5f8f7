namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>L47, L48 and the other half of L49: what a token is worth, wherever the answer about it comes from.</summary>
public abstract partial class ProxyRules<T>
{
    // What a rule asks for, what is answered where a token lacks it, and why.
    private static readonly (string Path, int Status, string Reason)[] Unmet = [("/audience", 401, "audience"), ("/issuer", 401, "issuer"), ("/scope", 403, "insufficient_scope")];

    [Fact]
    public async Task L47_What_is_malformed_is_the_clients_fault_and_an_outage_opens_nothing_for_it()
    {
        var (token, revoked) = (await proxy.IssueAsync(), await proxy.IssueAsync());
        (await ProxyUnderTest.AskAsync("/orders", revoked)).Status.ShouldBe(200);
        (await Site.Server.OAuth.PostAsync("/oauth/revoke", Site.Server.DemoClient, ("token", revoked))).Status.ShouldBe(200);
        await Until.TrueAsync(async () => (await ProxyUnderTest.AskAsync("/orders", revoked)).Status == 401, "it is refused", TimeSpan.FromSeconds(2));
        Site.Service.Clear();
        await ShouldBeTheClientsFaultAsync("while all is well");
        try
        {
            await InOutageAsync(token, revoked);
        }
        finally
        {
            if (!Site.Server.IsRunning) await Site.Server.RestartAsync();
            await Site.RestartSidecarAsync();
        }
    }

    private async Task InOutageAsync(string token, string revoked)
    {
        // The server is gone: what nobody can be asked about is neither refused for good nor let pass, but for a rule that says so.
        await Site.Server.Kill9Async();
        await ShouldBeTheClientsFaultAsync("in an outage");
        var closed = await ProxyUnderTest.AskAsync("/orders", proxy.Remember("never-seen-either"));
        (closed.Status, closed.Header("Retry-After"), closed.Header("WWW-Authenticate")).ShouldBe((503, "1", null));
        (await ProxyUnderTest.AskAsync("/open", revoked)).Status.ShouldBe(401, "known to be revoked");
        Site.Service.Requests.ShouldBeEmpty();
        (await ProxyUnderTest.AskAsync("/open", "never-seen-either", "X-User: root")).Status.ShouldBe(200);
        ShouldBeTold("nobody knows who it is", "-", "-");
        (await ProxyUnderTest.AskAsync("/healthz", null)).Status.ShouldBe(200);

        // The sidecar is gone too: nothing passes at all.
        await Site.KillSidecarAsync();
        Site.Service.Clear();
        // At once, for some proxies try for seconds.
        foreach (var answer in await Task.WhenAll(new[] { "/healthz", "/orders", "/open" }.Select(target => ProxyUnderTest.AskAsync(target, token)))) answer.Status.ShouldBeOneOf(502, 503);
        Site.Service.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task L48_Audience_issuer_scope_and_binding_are_judged_wherever_an_answer_comes_from()
    {
        var (token, bound) = (await proxy.IssueAsync(), await proxy.IssueAsync(cnf: new { jkt = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" }));
        var foreign = await Site.Server.Admin.IssueAsync(new { client_id = Site.Server.DemoClient.Id, sub = "alice", scope = "refunds", aud = "https://elsewhere.example" });
        Site.Service.Clear();

        // Asked of the server: a token of its own for each, so that none is known.
        foreach (var (path, status, reason) in Unmet) await JudgeAsync(path, await proxy.IssueAsync(), status, reason, "Server");
        await JudgeAsync("/any", bound, 401, "bound", "Server");
        (await ProxyUnderTest.AskAsync("/any", proxy.Remember(foreign))).Status.ShouldBe(401);
        Site.Service.Requests.ShouldBeEmpty();
        await JudgeAsync("/any", token, 200, "allowed", "Server");

        // From memory: what passed by one rule is judged by the next.
        await JudgeAllAsync("", "Memory");
        // From what another process was told.
        if (proxy.Redis is not null) await JudgeSharedAsync();
        // What is no longer current, in an outage.
        await JudgeAllAsync("", "");
        await Site.Server.Kill9Async();
        try
        {
            await JudgeAllAsync("/stale", "Stale");
        }
        finally
        {
            await Site.Server.RestartAsync();
            await Site.RestartSidecarAsync();
        }

        Task JudgeAllAsync(string suffix, string source) => Task.WhenAll(
        [
            JudgeAsync("/any" + suffix, token, 200, "allowed", source), JudgeAsync("/any" + suffix, bound, 401, "bound", source),
            .. Unmet.Select(unmet => JudgeAsync(unmet.Path + suffix, token, unmet.Status, unmet.Reason, source)),
        ]);

        // Each is asked about once by the sidecar that finds it in the cache alone: then it is in memory.
        async Task JudgeSharedAsync()
        {
            var (plain, bounds, probes) = (await KeptAsync(Unmet.Length + 1), await KeptAsync(1, new { jkt = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" }), new Queue<string>(await KeptAsync(50)));
            await Site.RestartSidecarAsync();
            // Until the cache is connected, nothing is held up by it.
            await Until.TrueAsync(async () => (await proxy.DecideAsync("/any", probes.Dequeue())).Decision.Contains("from Shared,", StringComparison.Ordinal), "the cache is asked");
            for (var i = 0; i < Unmet.Length; i++) await JudgeAsync(Unmet[i].Path, plain[i], Unmet[i].Status, Unmet[i].Reason, "Shared");
            await JudgeAsync("/any", plain[^1], 200, "allowed", "Shared");
            await JudgeAsync("/any", bounds[0], 401, "bound", "Shared");
        }

        async Task<string[]> KeptAsync(int count, object? cnf = null)
        {
            var tokens = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => proxy.IssueAsync(cnf: cnf)));
            var before = await CountAsync();
            await Task.WhenAll(tokens.Select(static one => ProxyUnderTest.AskAsync("/any", one)));
            await Until.TrueAsync(async () => await CountAsync() >= before + count, "they are kept");
            return tokens;
        }

        async Task<int> CountAsync() => int.Parse(await proxy.Redis!.RunAsync("DBSIZE"), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task L49_No_token_is_told_by_logs_metrics_traces_or_addresses()
    {
        var token = await proxy.IssueAsync();
        await ProxyUnderTest.AskAsync("/orders/17?x=1", token);
        await ProxyUnderTest.AskAsync("/nowhere", token);
        await ProxyUnderTest.AskAsync("/orders", token, $"Authorization: Bearer {token}");
        await ProxyUnderTest.AskAsync("/orders", token + "\u00fc");
        await ProxyUnderTest.AskAsync("/orders", proxy.Remember("made-up-and-never-issued"));
        var everything = await proxy.EverythingAsync();
        // Then it is what it should be.
        foreach (var part in new[] { "asked by " + proxy.Adapter, "touchstone_sidecar", "\"top_clients\"" }) everything.ShouldContain(part);
        proxy.ShouldHoldNoToken(everything);
    }

    private async Task JudgeAsync(string path, string token, int status, string reason, string source)
    {
        var (answer, decision) = await proxy.DecideAsync(path, token);
        answer.Status.ShouldBe(status, decision);
        decision.ShouldContain($"{reason} by rule");
        if (source.Length > 0) decision.ShouldContain($"from {source},");
    }

    private async Task ShouldBeTheClientsFaultAsync(string when)
    {
        foreach (var path in new[] { "/orders", "/open", "/any/stale" })
        {
            foreach (var said in new[] { "Authorization: Bearer", "Authorization: Bearer a,b", "Authorization: Bearer a b", "Authorization: Bearer \u00fc\u00fc", "Authorization: Bearer =", "Authorization: Basic eDp5", "Authorization: Bearer\ta\tb", "Authorization: Bearer " + new string('a', 12_000), "Authorization: Bearer a\u0000b", "Authorization: \"Bearer a\"", "X-Other: 1\u0000", "Authorization: DPoP a" })
            {
                var answer = await ProxyUnderTest.AskAsync(path, null, said);
                ShouldBeRefused(answer, $"{path} {said} was answered {answer} {when}");
            }
        }
        foreach (var (line, why) in new[] { ("GET  /open HTTP/1.1", "two blanks"), ("GET /open HTTP/9.9", "no version"), ("/open", "no method"), ("GET /open%zz HTTP/1.1", "no encoding") })
        {
            var answer = await RawHttp.SendAsync(ProxySite.Front, $"{line}\nHost: a.test\nAuthorization: Bearer a,b\nConnection: close\n\n");
            (answer.Status is >= 400 and < 500 or 505).ShouldBeTrue($"{why}: {answer.Status} {when}");
        }
        foreach (var host in new[] { "", "a b", "a.test:x", "[::1", "a/b", "\u00fc" }) ShouldBeRefused(await ProxyUnderTest.AskAsync("/open", "a,b", host: host), host);
    }
}

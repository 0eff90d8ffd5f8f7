namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>L43, L44, L45 and the half of L49 that is about claims: what the service is told of who asks.</summary>
public abstract partial class ProxyRules<T>
{
    [Fact]
    public async Task L43_An_alias_of_a_header_that_means_something_reaches_nobody()
    {
        var token = await proxy.IssueAsync();
        string[] odd = ["X_User: root", "x.user: root", "X~User: root", "X-USER_: root", "x_scope: all", "X.Scope: all", "X!Scope: all", .. proxy.Control.Select(static name => name.Replace('-', '_') + ": /healthz"), .. proxy.Control.Select(static name => name.Replace('-', '.') + ": GET")];
        foreach (var said in odd.Where(static said => !said.StartsWith("X-USER_", StringComparison.Ordinal)))
        {
            Site.Service.Clear();
            var answer = await ProxyUnderTest.AskAsync("/orders", token, said);
            if (proxy.DropsOddNames)
            {
                // It is gone before anybody is asked, and before anybody is told.
                answer.Status.ShouldBe(200, said);
                ShouldBeToldAlice(said);
                var name = said.Split(':')[0];
                Site.Service.Requests.ShouldHaveSingleItem().Headers.ShouldNotContain(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase), said);
            }
            else
            {
                answer.Status.ShouldBe(proxy.Malformed, said);
                Site.Service.Requests.ShouldBeEmpty(said);
            }
        }

        // With these a service runs another request than the one that was judged.
        Site.Service.Clear();
        foreach (var said in new[] { "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE", "X-Original-URL: /nowhere", "X-Rewrite-URL: /nowhere", "x-rewrite-url: /nowhere" }) (await ProxyUnderTest.AskAsync("/orders", token, said)).Status.ShouldBe(proxy.Malformed, said);
        Site.Service.Requests.ShouldBeEmpty();
        // Another name with an underscore means nothing here.
        (await ProxyUnderTest.AskAsync("/orders", token, "X_Other: 1\nTrace_Id: 2")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task L43_Connection_hides_no_alias_and_no_list_of_a_client_goes_further_than_to_the_proxy()
    {
        var token = await proxy.IssueAsync();
        foreach (var said in new[] { "Connection: X_User\nX_User: root", "Connection: x-scope, X_USER\nX_USER: root", "Connection: keep-alive\nConnection: x.user\nx.user: root" })
        {
            Site.Service.Clear();
            var answer = await ProxyUnderTest.AskAsync("/orders", token, said);
            answer.Status.ShouldBe(proxy.DropsOddNames ? 200 : proxy.Malformed, said);
            if (proxy.DropsOddNames) ShouldBeToldAlice(said);
            else Site.Service.Requests.ShouldBeEmpty(said);
        }
        foreach (var said in new[] { "Connection: X-User", "Connection: close, X-User, X-Scope", "Connection: keep-alive\nConnection: x-user", "Connection: Upgrade, X-User\nUpgrade: h2c\nHTTP2-Settings: AAMAAABkAAQAAP__" })
        {
            Site.Service.Clear();
            (await ProxyUnderTest.AskAsync("/orders", token, said)).Status.ShouldBe(200, said);
            ShouldBeToldAlice(said);
            string.Join(',', Site.Service.Requests.Single().All("Connection")).ToLowerInvariant().ShouldBeOneOf("", "close", "keep-alive");
        }
    }

    [Fact]
    public async Task L44_The_service_is_told_who_asks_by_the_sidecar_and_by_nobody_else()
    {
        var token = await proxy.IssueAsync();
        Site.Service.Clear();
        var none = await ProxyUnderTest.AskAsync("/orders", null);
        (none.Status, none.Header("WWW-Authenticate")).ShouldBe((401, "Bearer realm=\"demo\""));
        var unknown = await ProxyUnderTest.AskAsync("/orders", proxy.Remember("never-seen"));
        (unknown.Status, unknown.Header("WWW-Authenticate")!.Contains("error=\"invalid_token\"", StringComparison.Ordinal)).ShouldBe((401, true));
        var lacking = await ProxyUnderTest.AskAsync("/orders", token, method: "POST");
        (lacking.Status, lacking.Header("WWW-Authenticate")!.Contains("error=\"insufficient_scope\"", StringComparison.Ordinal)).ShouldBe((403, true));
        Site.Service.Requests.ShouldBeEmpty();

        string[] claimed =
        [
            "", "X-User: root\nX-Scope: all", "x-user: root\nX-SCOPE: all", "X-User: root\nX-User: admin", "X-User:\nX-Scope:", "X-User: alice,root", "X-User: -",
            // What belongs to one connection is taken away by some proxies: that must not take the sidecar's word.
            "Connection: X-User", "Connection: keep-alive, X-User, X-Scope", "Connection: x-user\nX-User: root", "Connection: close, x-scope\nX-User: root", "Keep-Alive: X-User", "Proxy-Connection: X-User", "Connection: Authorization, X-User", "TE: trailers\nTrailer: X-User",
            $"Connection: {string.Join(", ", proxy.Control)}", "Connection: X-Original-URI, X-Forwarded-Uri, Host",
        ];
        foreach (var said in claimed)
        {
            Site.Service.Clear();
            var answer = await ProxyUnderTest.AskAsync("/orders", token, said);
            if (answer.Status == 200) ShouldBeToldAlice(said);
            else
            {
                ShouldBeRefused(answer, said);
                said.ShouldContain("Connection:", customMessage: said);
                Site.Service.Requests.ShouldBeEmpty(said);
            }
            // Where nobody is asked who it is, nobody is told.
            Site.Service.Clear();
            answer = await ProxyUnderTest.AskAsync("/healthz", token, said);
            if (answer.Status == 200) ShouldBeTold(said, "-", "-");
            else ShouldBeRefused(answer, said);
        }
        // The client is told nothing of that.
        (await ProxyUnderTest.AskAsync("/orders", token)).HeaderNames.ShouldNotContain(name => name.StartsWith("X-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task L45_What_stands_twice_is_refused_or_counts_for_nothing()
    {
        var (token, other) = (await proxy.IssueAsync(), await proxy.IssueAsync("mallory"));
        Site.Service.Clear();
        foreach (var twice in new[] { $"Authorization: Bearer {other}", $"Authorization: Bearer {token}", "Authorization: Basic eDp5", "Authorization:", $"authorization: Bearer {other}" })
        {
            ShouldBeRefused(await ProxyUnderTest.AskAsync("/orders", token, twice), twice);
            ShouldBeRefused(await ProxyUnderTest.AskAsync("/orders", null, $"{twice}\nAuthorization: Bearer {token}"), twice);
        }
        foreach (var one in new[] { $"{token}, Bearer {other}", $"{token},{other}", $"{token} {other}" }) ShouldBeRefused(await ProxyUnderTest.AskAsync("/orders", one), "two in one");
        ShouldBeRefused(await ProxyUnderTest.AskAsync("/hosted", token, "Host: admin.example.test"), "two hosts");
        ShouldBeRefused(await ProxyUnderTest.AskAsync("/hosted", token, "Host: a.test", host: "admin.example.test"), "two hosts");

        // Of a client's own copies none is heard, however many there are.
        foreach (var name in proxy.Control)
        {
            var value = name.EndsWith("Method", StringComparison.Ordinal) ? "GET" : name.EndsWith("Host", StringComparison.Ordinal) ? "admin.example.test" : "/healthz";
            ShouldBeRefused(await ProxyUnderTest.AskAsync("/nowhere", token, $"{name}: {value}\n{name}: {value}"), name);
            ShouldBeRefused(await ProxyUnderTest.AskAsync("/hosted", token, $"{name}: {value}\n{name}: {value}"), name);
            ShouldBeRefused(await ProxyUnderTest.AskAsync("/orders/17", token, $"{name}: {value}\n{name}: {value}", method: "POST"), name);
        }
        Site.Service.Requests.ShouldBeEmpty();

        // Told twice by whoever asks as this proxy does, a request is ambiguous.
        string[] told = [$"{proxy.Control[0]}: GET", $"{proxy.Control[1]}: a.test", $"{proxy.Control[2]}: /healthz"];
        (await ProxyUnderTest.AskAsync("/auth/" + proxy.Adapter, null, string.Join('\n', told), front: Listener)).Status.ShouldBe(200);
        foreach (var twice in told.Append("Authorization: Bearer a\nAuthorization: Bearer a"))
        {
            var answer = await ProxyUnderTest.AskAsync("/auth/" + proxy.Adapter, null, string.Join('\n', told) + "\n" + twice, front: Listener);
            (answer.Status, answer.Header("Touchstone-Reason")).ShouldBe((proxy.Malformed, "incomplete"), twice);
        }
    }

    [Fact]
    public async Task L49_Claims_are_told_where_a_rule_says_so_and_end_no_header()
    {
        const string Breaks = "a\r\nX-Scope: all\r\n\r\nGET /nowhere HTTP/1.1\r\nX: \u00fc%41,b\u0000\t";
        var token = await proxy.IssueAsync("\u00fcn\u00efc\u00f6de, %41", claims: new { note = Breaks, role = "for-the-sidecar-alone", x_user = "root" });
        Site.Service.Clear();
        (await ProxyUnderTest.AskAsync("/note", token)).Status.ShouldBe(200);
        ShouldBeTold("the note", "a%0D%0AX-Scope: all%0D%0A%0D%0AGET /nowhere HTTP/1.1%0D%0AX: %C3%BC%2541%2Cb%00%09", "orders:read");
        (await ProxyUnderTest.AskAsync("/orders", token)).Status.ShouldBe(200);
        ShouldBeTold("the name", "%C3%BCn%C3%AFc%C3%B6de%2C %2541", "orders:read", last: true);
        foreach (var request in Site.Service.Requests)
        {
            var told = string.Join('\n', request.Headers.Where(static header => header.Name != "Authorization").Select(static header => header.Name + ": " + header.Value));
            told.ShouldNotContain("for-the-sidecar-alone");
            told.ShouldNotContain("root");
            told.ShouldNotContain(ProxyUnderTest.Api);
        }
        // Longer than a header may be: it is not told, and nothing else of the client is.
        var vast = await proxy.IssueAsync(claims: new { note = new string('n', 8_000) });
        Site.Service.Clear();
        (await ProxyUnderTest.AskAsync("/note", vast, "X-User: root")).Status.ShouldBe(200);
        ShouldBeTold("too long", "-", "orders:read");
    }

    private void ShouldBeToldAlice(string why) => ShouldBeTold(why, "alice", "orders:read");

    private void ShouldBeTold(string why, string user, string scope, bool last = false)
    {
        var request = last ? Site.Service.Requests.Last() : Site.Service.Requests.ShouldHaveSingleItem(why);
        request.All("X-User").ShouldBe([user], why);
        request.All("X-Scope").ShouldBe([scope], why);
    }
}

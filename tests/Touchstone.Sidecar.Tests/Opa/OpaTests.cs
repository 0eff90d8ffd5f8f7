using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Touchstone.Sidecar.Opa;
using Touchstone.Sidecar.Tests.ForwardAuth;

namespace Touchstone.Sidecar.Tests.Opa;

/// <summary>A policy that has the last word, by a double that follows the Data API to the letter.</summary>
public sealed class OpaTests : IAsyncLifetime
{
    private const string Rules = """
        - { name: orders, paths: "/orders/**", scopes: orders:read, opa: true, headers: { X-User: sub } }
        - { name: refunds, paths: /refunds, opa: touchstone/refunds }
        - { name: plain, paths: /plain }
        """;

    private PolicyAgent _agent = null!;
    private SidecarSite _site = null!;
    private string _token = null!;

    public async ValueTask InitializeAsync()
    {
        _agent = await PolicyAgent.StartAsync();
        _site = await OpenAsync();
        _token = await _site.TokenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task It_is_told_what_the_server_says_of_the_token_and_what_is_asked_for_and_never_the_token()
    {
        _agent.Documents["touchstone/allow"] = static _ => true;
        await AnsweredAsync("/orders/a%20b?secret=1", (200, "allowed"));
        var input = _agent.Input;
        input.GetProperty("rule").GetString().ShouldBe("orders");
        input.GetProperty("request").GetRawText().ShouldBe("""{"method":"GET","host":"orders.acme.test","path":["orders","a b"]}""");
        input.GetProperty("introspection").GetProperty("sub").GetString().ShouldBe("alice");
        input.EnumerateObject().Select(member => member.Name).ShouldBe(["rule", "request", "introspection"]);
        input.GetRawText().ShouldNotContain(_token);
        input.GetRawText().ShouldNotContain("secret");
    }

    [Fact]
    public async Task Both_have_to_agree()
    {
        _agent.Documents["touchstone/allow"] = static input => input.GetProperty("request").GetProperty("path")[1].GetString() == "1";
        await AnsweredAsync("/orders/1", (200, "allowed"));
        await AnsweredAsync("/orders/2", (403, "policy"));
        var asked = _agent.Asked;
        (await AskAsync("/orders/1", await _site.TokenAsync("orders:write"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await AskAsync("/orders/1", "made-up")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await AnsweredAsync("/plain", (200, "allowed"));
        _agent.Asked.ShouldBe(asked, "what the rule refuses, and what has no policy, is not asked");
    }

    [Fact]
    public async Task What_is_undefined_is_refused()
    {
        await AnsweredAsync("/orders/1", (403, "policy"));
        _agent.Documents["touchstone/refunds"] = static _ => new JsonObject { ["deny"] = new JsonArray() };
        await AnsweredAsync("/refunds", (403, "policy"));
        _agent.Documents["touchstone/refunds"] = static _ => true;
        await AnsweredAsync("/refunds", (200, "allowed"));
    }

    [Fact]
    public async Task L44_An_object_sets_the_headers_that_the_file_lists_and_no_others_and_its_reason_is_logged()
    {
        await using var site = await OpenAsync("headers: X-Tier", "log_decisions: all");
        var token = await site.TokenAsync();
        _agent.Documents["touchstone/allow"] = static input => input.GetProperty("request").GetProperty("method").GetString() == "GET"
            ? new JsonObject { ["allow"] = true, ["headers"] = new JsonObject { ["X-Tier"] = "gold\r\nX-User: root", ["X-User"] = "root", ["X-Other"] = "1" } }
            : new JsonObject { ["allow"] = false, ["reason"] = "after hours,\u001b[2J später" };
        var response = await site.AskAsync("nginx", "GET", "orders.acme.test", "/orders/1", token, ("X-Tier", "platinum"));
        (Header(response, "X-Tier"), Header(response, "X-User"), Header(response, "X-Other")).ShouldBe(("gold%0D%0AX-User: root", "alice", ""));
        Header(await site.AskAsync("nginx", "GET", "orders.acme.test", "/plain", token, ("X-Tier", "platinum")), "X-Tier").ShouldBe("-");
        (await site.AskAsync("nginx", "POST", "orders.acme.test", "/orders/1", token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        site.Logs.Text.ShouldContain("the policy says: after hours,\\u001B[2J später");
    }

    [Theory]
    [InlineData(200, "{\"result\":true", 503), InlineData(200, "{\"result\":\"true\"}", 503), InlineData(200, "{\"result\":1}", 503), InlineData(200, "{\"result\":null}", 503), InlineData(200, "{\"result\":{\"allow\":\"yes\"}}", 503), InlineData(200, "{\"result\":true,\"result\":true}", 503)]
    [InlineData(200, "{\"result\":{\"allow\":true,\"headers\":{\"X-Tier\":1}}}", 503), InlineData(200, "[]", 503), InlineData(200, "", 503), InlineData(400, "{\"code\":\"invalid_parameter\"}", 503), InlineData(404, "{\"result\":true}", 503), InlineData(500, "{\"code\":\"internal_error\"}", 503), InlineData(302, "{\"result\":true}", 503)]
    public async Task L47_What_is_no_answer_lets_nobody_pass_whatever_the_fail_mode(int status, string body, int expected)
    {
        _agent.Behavior = http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = "/v1/data/other";
            return http.Response.WriteAsync(body);
        };
        await AnsweredAsync("/orders/1", (expected, "policy_unavailable"));
        await using var open = await OpenAsync("fail_mode: open");
        var response = await open.AskAsync("envoy", "GET", "orders.acme.test", "/orders/1", await open.TokenAsync());
        ((int)response.StatusCode, Header(response, "Touchstone-Reason"), Header(response, "Retry-After")).ShouldBe((expected, "policy_unavailable", "1"));
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_none()
    {
        _agent.Behavior = http => http.Response.WriteAsync("{\"result\":true," + new string(' ', 65 << 10) + "\"x\":1}");
        await AnsweredAsync("/orders/1", (503, "policy_unavailable"));
    }

    [Theory]
    [InlineData("closed", 503, "policy_unavailable"), InlineData("open", 200, "policy_open")]
    public async Task What_is_out_of_reach_is_for_the_fail_mode_to_say(string mode, int status, string reason)
    {
        await using var site = await OpenAsync("fail_mode: " + mode);
        var token = await site.TokenAsync();
        // A proxy before it may be asked too much, and an agent break off, by just this request.
        foreach (var gateway in new[] { 502, 503, 504 })
        {
            _agent.Behavior = http => Task.FromResult(http.Response.StatusCode = gateway);
            await AnsweredAsync(site, token, 503, "policy_unavailable");
        }
        _agent.Behavior = static http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        await AnsweredAsync(site, token, 503, "policy_unavailable");
        await _agent.DisposeAsync();
        await AnsweredAsync(site, token, status, reason);
        (await site.AskAsync("envoy", "GET", "orders.acme.test", "/orders/1", await site.TokenAsync("orders:write"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden, "what the rule asks for is asked for all the same");
    }

    [Theory]
    [InlineData("closed", 503, "policy_unavailable"), InlineData("open", 503, "policy_unavailable")]
    public async Task What_does_not_come_in_time_is_not_waited_for(string mode, int status, string reason)
    {
        await using var site = await OpenAsync("timeout: 2s, fail_mode: " + mode);
        var token = await site.TokenAsync();
        var came = new TaskCompletionSource();
        _agent.Behavior = async http =>
        {
            came.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        };
        var asked = site.AskAsync("envoy", "GET", "orders.acme.test", "/orders/1", token);
        await came.Task.WaitAsync(TimeSpan.FromSeconds(20));
        site.Server.Time.AdvanceSeconds(1);
        asked.IsCompleted.ShouldBeFalse();
        site.Server.Time.AdvanceSeconds(1);
        var response = await asked;
        ((int)response.StatusCode, Header(response, "Touchstone-Reason")).ShouldBe((status, reason));
    }

    [Fact]
    public async Task No_more_questions_are_under_way_than_there_may_be_connections()
    {
        await using var site = await OpenAsync("timeout: 10s, max_connections: 2");
        var token = await site.TokenAsync();
        var (now, most, changing) = (0, 0, new Lock());
        var (two, let) = (new TaskCompletionSource(), new TaskCompletionSource());
        _agent.Behavior = async http =>
        {
            lock (changing)
            {
                most = Math.Max(most, ++now);
                if (now == 2) two.TrySetResult();
            }
            await let.Task;
            lock (changing) now--;
            await http.Response.WriteAsync("{\"result\":true}");
        };
        await site.AskAsync("envoy", "GET", "orders.acme.test", "/plain", token);
        var asked = Enumerable.Range(0, 8).Select(_ => site.AskAsync("envoy", "GET", "orders.acme.test", "/orders/1", token)).ToArray();
        await two.Task.WaitAsync(TimeSpan.FromSeconds(20));
        let.SetResult();
        foreach (var response in await Task.WhenAll(asked)) response.StatusCode.ShouldBe(HttpStatusCode.OK);
        most.ShouldBe(2);
    }

    [Fact]
    public async Task A_rule_that_asks_where_the_process_was_started_without_a_policy_lets_nobody_pass()
    {
        await using var site = await SidecarSite.OpenAsync("- { name: plain, paths: /plain }");
        var token = await site.TokenAsync();
        site.Rewrite(text => text.Replace("rules:", $"opa: {{ url: \"{_agent.Url("touchstone/allow")}\", fail_mode: open }}\nrules:", StringComparison.Ordinal).Replace("paths: /plain", "paths: /plain, opa: true", StringComparison.Ordinal));
        for (var i = 0; i < 2; i++) site.Sidecar.Watcher.Look();
        site.Sidecar.Rules.Now.Version.ShouldBe(2);
        var response = await site.AskAsync("envoy", "GET", "orders.acme.test", "/plain", token);
        Header(response, "Touchstone-Reason").ShouldBe("policy_unavailable");
    }

    [Theory]
    [InlineData("http://a.test/v1/data/x/allow", "", "http://a.test/v1/data/x/allow"), InlineData("http://a.test/opa/v1/data/x", "y/allow", "http://a.test/opa/v1/data/y/allow")]
    public void The_document_of_a_rule_is_one_of_the_same_agent(string url, string path, string expected) => new OpaConfig(new Uri(url), default, false, 1, []).UrlOf(path).ShouldBe(new Uri(expected));

    private Task<SidecarSite> OpenAsync(string more = "timeout: 5s", string above = "") => SidecarSite.OpenAsync(Rules, $"opa: {{ url: \"{_agent.Url("touchstone/allow")}\", {more} }}\n{above}");

    private Task<HttpResponseMessage> AskAsync(string target, string token) => _site.AskAsync("envoy", "GET", "orders.acme.test", target, token);

    private async Task AnsweredAsync(string target, (int Status, string Reason) expected)
    {
        var response = await AskAsync(target, _token);
        ((int)response.StatusCode, Header(response, "Touchstone-Reason")).ShouldBe(expected);
    }

    private static async Task AnsweredAsync(SidecarSite site, string token, int status, string reason)
    {
        var response = await site.AskAsync("envoy", "GET", "orders.acme.test", "/orders/1", token);
        ((int)response.StatusCode, Header(response, "Touchstone-Reason")).ShouldBe((status, reason));
    }

    private static string Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : "";
}

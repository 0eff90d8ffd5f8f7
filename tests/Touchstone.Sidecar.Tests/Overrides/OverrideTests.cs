using System.Net;
using System.Text;
using System.Text.Json;
using Touchstone.Client;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Overrides;
using Touchstone.Sidecar.Tests.ForwardAuth;

namespace Touchstone.Sidecar.Tests.Overrides;

/// <summary>What an operator sets for a rule, for a stated time.</summary>
public sealed class OverrideTests : IAsyncLifetime
{
    private const string Rules = """
        - { name: any token, paths: /any }
        - { name: read orders, paths: /orders, scopes: orders:read }
        - { name: health, paths: /healthz, allow: anybody }
        """;

    private SidecarSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await SidecarSite.OpenAsync(Rules);

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task A_fail_mode_is_another_until_its_time_is_over()
    {
        var token = await _site.TokenAsync();
        await _site.Server.DisposeAsync();
        (await ReasonAsync("/any", token)).ShouldBe("cannot_tell");

        var (status, answer) = await SetAsync("""{"rule":"any token","fail_mode":"open","for_seconds":900,"reason":"the database moves"}""");
        status.ShouldBe(HttpStatusCode.OK);
        var one = answer.GetProperty("overrides")[0];
        (one.GetProperty("rule").GetString(), one.GetProperty("fail_mode").GetString(), one.GetProperty("reason").GetString()).ShouldBe(("any token", "open", "the database moves"));
        one.GetProperty("until").GetDateTimeOffset().ShouldBe(_site.Server.Time.GetUtcNow().AddSeconds(900), TimeSpan.FromSeconds(1));
        (await ReasonAsync("/any", token)).ShouldBe("open");
        (await StatusAsync()).GetArrayLength().ShouldBe(1);
        _site.Logs.Text.ShouldContain("An operator set another policy for rule any token until");
        _site.Logs.Text.ShouldContain("fail mode open, longest TTL unchanged. Reason: the database moves");

        _site.Server.Time.AdvanceSeconds(899);
        (await ReasonAsync("/any", token)).ShouldBe("open");
        _site.Server.Time.AdvanceSeconds(1);
        (await ReasonAsync("/any", token)).ShouldBe("cannot_tell");
        (await StatusAsync()).GetArrayLength().ShouldBe(0);
        _site.Logs.Text.ShouldContain("The policy of rule any token is that of the file again: its time is over");
    }

    [Fact]
    public async Task A_TTL_only_becomes_shorter()
    {
        var token = await _site.TokenAsync();
        await ReasonAsync("/orders", token);
        await SetAsync("""{"rule":"read orders","max_ttl_seconds":0,"for_seconds":60}""");
        await _site.Server.DisposeAsync();
        (await ReasonAsync("/orders", token)).ShouldBe("cannot_tell", "what is kept is not used");
        (await ReasonAsync("/any", token)).ShouldBe("allowed", "by another rule it is");
        (await EndAsync("read orders")).ShouldBe(HttpStatusCode.OK);
        (await ReasonAsync("/orders", token)).ShouldBe("allowed");
        (await EndAsync("read orders")).ShouldBe(HttpStatusCode.NotFound);
        _site.Logs.Text.ShouldContain("read orders is that of the file again: an operator ended it");

        var longer = new PolicyOverride { Rule = "r", For = TimeSpan.FromMinutes(1), MaxTtl = TimeSpan.FromDays(1) };
        longer.Apply(new IntrospectionPolicy { MaxTtl = TimeSpan.FromSeconds(3) }).MaxTtl.ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_TTL_bounds_also_what_is_used_while_the_server_cannot_be_asked()
    {
        var token = await _site.TokenAsync();
        await SetAsync("""{"rule":"read orders","fail_mode":"stale_if_error","max_ttl_seconds":40,"for_seconds":900}""");
        await ReasonAsync("/orders", token);
        // Before the server goes it is told for how long the answer will be used.
        await GraceIsAsync(40);
        await _site.Server.DisposeAsync();
        _site.Server.Time.AdvanceSeconds(20);
        (await ReasonAsync("/orders", token)).ShouldBe("allowed");
        _site.Server.Time.AdvanceSeconds(20);
        (await ReasonAsync("/orders", token)).ShouldBe("cannot_tell");
    }

    [Fact]
    public async Task The_server_is_told_for_how_long_answers_go_on_and_when_they_do_no_more()
    {
        // By an override: no receipt waits for it once it is over.
        var token = await _site.TokenAsync();
        await SetAsync("""{"rule":"any token","fail_mode":"open","for_seconds":60}""");
        await ReasonAsync("/any", token);
        await GraceIsAsync(null);
        _site.Server.Time.AdvanceSeconds(60);
        await GraceIsAsync(0);

        // And by the file.
        Rewrite("paths: /any", "fail_mode: stale_if_error, max_stale: 10m, paths: /any");
        await GraceIsAsync(600);
        Rewrite("fail_mode: stale_if_error, max_stale: 10m, ", "");
        await GraceIsAsync(0);
    }

    [Fact]
    public async Task It_outlives_another_file_as_long_as_its_rule_is_there()
    {
        await SetAsync("""{"rule":"any token","max_ttl_seconds":5,"for_seconds":900}""");
        Rewrite("paths: /any", "paths: /any/**");
        (await StatusAsync()).GetArrayLength().ShouldBe(1);
        Rewrite("name: any token", "name: another");
        (await StatusAsync()).GetArrayLength().ShouldBe(0);
        _site.Logs.Text.ShouldContain("any token is that of the file again: its rule is gone");
        Rewrite("name: another", "name: any token");
        (await StatusAsync()).GetArrayLength().ShouldBe(0, "it does not come back with the name");
    }

    [Theory]
    [InlineData("{}", "Give rule and for_seconds")]
    [InlineData("[]", "JSON object")]
    [InlineData("""{"rule":"any token","for_seconds":60}""", "fail_mode, max_ttl_seconds or both")]
    [InlineData("""{"rule":"any token","fail_mode":"ajar","for_seconds":60}""", "'fail_mode' is not known")]
    [InlineData("""{"rule":"any token","fail_mode":"open","for_seconds":86401}""", "24 hours")]
    [InlineData("""{"rule":"any token","fail_mode":"open","for_seconds":0}""", "24 hours")]
    [InlineData("""{"rule":"any token","fail_mode":"open","for_seconds":1e300}""", "'for_seconds'")]
    [InlineData("""{"rule":"any token","fail_mode":"open","for_seconds":"60"}""", "'for_seconds'")]
    [InlineData("""{"rule":"any token","max_ttl_seconds":-1,"for_seconds":60}""", "max_ttl_seconds")]
    [InlineData("""{"rule":"any token","fail_mode":"open","for_seconds":60,"by":"me"}""", "'by' is not known")]
    [InlineData("""{"rule":"any token","rule":"read orders","fail_mode":"closed","for_seconds":60}""", "each member once")]
    [InlineData("""{"rule":"nowhere","fail_mode":"closed","for_seconds":60}""", "no rule of this name")]
    [InlineData("""{"rule":"health","fail_mode":"closed","for_seconds":60}""", "anybody")]
    [InlineData("""{"rule":"read orders","fail_mode":"open","for_seconds":60}""", "never opens")]
    public async Task L47_What_is_wrong_with_one_is_told_and_nothing_is_set(string body, string says)
    {
        var (status, answer) = await SetAsync(body);
        (status, answer.GetProperty("error").GetString()).ShouldBe((HttpStatusCode.BadRequest, "invalid_request"));
        answer.GetProperty("error_description").GetString()!.ShouldContain(says);
        (await StatusAsync()).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_page_in_a_browser_changes_nothing()
    {
        const string Body = """{"rule":"any token","fail_mode":"open","for_seconds":60}""";
        (await SetAsync(Body, type: "text/plain")).Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await SetAsync(Body, origin: "http://127.0.0.1:9081")).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await _site.Http.PutAsync(new Uri(_site.Admin, "/overrides"), null)).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        (await _site.Http.GetAsync(new Uri(_site.Address, "/overrides"))).StatusCode.ShouldBe(HttpStatusCode.NotFound, "not where proxies ask");
    }

    [Fact]
    public async Task Where_others_reach_the_listener_without_a_certificate_nothing_is_changed_by_it()
    {
        await using var site = await SidecarSite.OpenAsync(Rules, "allow_insecure_http: true", admin: "http://0.0.0.0:0");
        var admin = new UriBuilder(site.Admin) { Host = "127.0.0.1" }.Uri;
        (await site.Http.GetAsync(new Uri(admin, "/overrides"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await SetAsync("""{"rule":"any token","fail_mode":"open","for_seconds":60}""", at: admin)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await site.Http.DeleteAsync(new Uri(admin, "/overrides?rule=any%20token"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Beside_one_that_others_reach_a_listener_on_loopback_takes_changes()
    {
        const string Body = "{\"rule\":\"any token\",\"fail_mode\":\"open\",\"for_seconds\":60}";
        await using var site = await SidecarSite.OpenAsync(Rules, "allow_insecure_http: true", admin: "[http://0.0.0.0:0, http://127.0.0.1:0]");
        var (everywhere, here) = (new UriBuilder(site.Sidecar.AdminAddresses[0]) { Host = "127.0.0.1" }.Uri, new Uri(site.Sidecar.AdminAddresses[1]));
        (await site.Http.GetAsync(new Uri(everywhere, "/health/live"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await SetAsync(Body, at: everywhere)).Status.ShouldBe(HttpStatusCode.Forbidden, "reached over loopback, but others reach it too");
        (await SetAsync(Body, at: here)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_names_a_rule_that_is_not_there_is_told_those_that_are() =>
        (await SetAsync("{\"rule\":\"x\",\"fail_mode\":\"closed\",\"for_seconds\":60}")).Answer.GetProperty("error_description").GetString()!.ShouldContain("There are: 'any token'");

    private void Rewrite(string from, string to)
    {
        _site.Rewrite(text => text.Replace(from, to, StringComparison.Ordinal));
        for (var i = 0; i < 2; i++) _site.Sidecar.Watcher.Look();
    }

    private async Task<string> ReasonAsync(string target, string token) => (await _site.AskAsync("envoy", "GET", "orders.acme.test", target, token)).Headers.GetValues("Touchstone-Reason").Single();

    private async Task<JsonElement> StatusAsync() => JsonElement.Parse(await _site.Http.GetStringAsync(new Uri(_site.Admin, "/status"))).GetProperty("overrides");

    private async Task<(HttpStatusCode Status, JsonElement Answer)> SetAsync(string body, string type = "application/json", string? origin = null, Uri? at = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(at ?? _site.Admin, "/overrides")) { Content = new StringContent(body, Encoding.UTF8, type) };
        if (origin is not null) request.Headers.Add("Origin", origin);
        using var response = await _site.Http.SendAsync(request);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    // Polls go on while the clock does. Null: without end.
    private async Task GraceIsAsync(int? seconds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await _site.Server.Admin.GetAsync("/admin/followers")).Json.GetProperty("items").EnumerateArray().ToArray() is not [var follower] || Seconds(follower) != seconds)
        {
            patience.Token.ThrowIfCancellationRequested();
            _site.Server.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        static int? Seconds(JsonElement follower) => follower.TryGetProperty("grace_seconds", out var grace) && grace.ValueKind is JsonValueKind.Number ? grace.GetInt32() : null;
    }

    private async Task<HttpStatusCode> EndAsync(string rule) => (await _site.Http.DeleteAsync(new Uri(_site.Admin, "/overrides?rule=" + Uri.EscapeDataString(rule)))).StatusCode;
}

using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Policies that an operator overrides for a while.</summary>
public sealed class OverrideTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_fail_mode_is_overridden_for_its_routes_and_its_time()
    {
        await using var server = await OtherServer.StartAsync();
        await using var api = await StartAsync(server);
        var overrides = api.Services.GetRequiredService<TokenPolicyOverrides>();
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        (await StatusAsync(api, "/fresh")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        overrides.Set(Open("/fresh"));
        var open = await api.GetAsync("/fresh", "t");
        (open.StatusCode, await open.Content.ReadAsStringAsync()).ShouldBe((HttpStatusCode.OK, "Open"));
        (await StatusAsync(api, "/name")).ShouldBe(HttpStatusCode.ServiceUnavailable, "another route");
        overrides.Set(Open("/fre"));
        overrides.End("/fresh", "bob");
        (await StatusAsync(api, "/fresh")).ShouldBe(HttpStatusCode.ServiceUnavailable, "whole segments alone count");
        overrides.Set(Open("/fresh"));
        overrides.End("/fre", "bob");
        (await StatusAsync(api, "/fresh")).ShouldBe(HttpStatusCode.OK);
        _time.AdvanceSeconds(60);
        overrides.List().ShouldBeEmpty();
        (await StatusAsync(api, "/fresh")).ShouldBe(HttpStatusCode.ServiceUnavailable, "its time is over");
    }

    [Fact]
    public async Task A_time_to_live_is_shortened_and_never_lengthened()
    {
        await using var server = await OtherServer.StartAsync();
        await using var api = await StartAsync(server);
        await api.GetAsync("/read", "t");
        await api.GetAsync("/read", "t");
        server.Calls.ShouldBe(1);
        var overrides = api.Services.GetRequiredService<TokenPolicyOverrides>();
        overrides.Set(Open("/") with { FailMode = null, MaxTtl = TimeSpan.Zero });
        await api.GetAsync("/read", "t");
        server.Calls.ShouldBe(2);
        overrides.End("/", "bob").ShouldBeTrue();
        overrides.End("/", "bob").ShouldBeFalse();
        overrides.Set(Open("/") with { FailMode = null, MaxTtl = TimeSpan.FromHours(1) });
        _time.AdvanceSeconds(10);
        await api.GetAsync("/read", "t");
        server.Calls.ShouldBe(3);
    }

    [Fact]
    public void A_TTL_bounds_also_what_is_used_while_the_server_cannot_be_asked()
    {
        var bounded = (Open("/") with { FailMode = FailMode.StaleIfError, MaxTtl = TimeSpan.FromSeconds(30) }).Apply(new IntrospectionPolicy());
        (bounded.FailMode, bounded.MaxStale, bounded.PlainTtl).ShouldBe((FailMode.StaleIfError, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void What_is_wrong_with_one_is_said_at_once()
    {
        var overrides = new TokenPolicyOverrides(Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, _time);
        var fault = Should.Throw<ArgumentException>(() => overrides.Set(new TokenPolicyOverride { Routes = "orders", For = TimeSpan.FromDays(2), By = "", Reason = "" })).Message;
        foreach (var part in new[] { "Routes", "For must", "By must", "Reason", "Set FailMode" }) fault.ShouldContain(part);
        overrides.List().ShouldBeEmpty();
        for (var i = 0; i < 100; i++) overrides.Set(Open("/r" + i));
        Should.Throw<ArgumentException>(() => overrides.Set(Open("/one-more")));
        overrides.Set(Open("/r5"));
        overrides.List().Count.ShouldBe(100);
    }

    [Fact]
    public async Task Operators_use_an_endpoint_and_nobody_else_does()
    {
        await using var server = await OtherServer.StartAsync();
        await using var api = await StartAsync(server);
        var body = new { routes = "/read", for_seconds = 60, reason = "incident 12", fail_mode = "fail_open" };
        (await api.Http.PostAsJsonAsync("/ops", body)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        api.Http.DefaultRequestHeaders.Authorization = new("Bearer", "operator");
        (await api.Http.PostAsJsonAsync("/ops", body)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var listed = await api.Http.GetStringAsync("/ops");
        listed.ShouldContain("\"routes\":\"/read\"");
        listed.ShouldContain("\"by\":\"alice\"");
        foreach (var wrong in new object[] { new { routes = "/read" }, new { routes = "/read", for_seconds = 60, reason = "x", fail_mode = "ajar" }, new { routes = "/read", for_seconds = 1e300, reason = "x", max_ttl_seconds = 1 }, "text" })
            (await api.Http.PostAsJsonAsync("/ops", wrong)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await api.Http.DeleteAsync("/ops?routes=/other")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await api.Http.DeleteAsync("/ops?routes=/read")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await api.Http.GetStringAsync("/ops")).ShouldBe("[]");
    }

    private static async Task<HttpStatusCode> StatusAsync(Api api, string path) => (await api.GetAsync(path, "t")).StatusCode;

    private static TokenPolicyOverride Open(string routes) => new() { Routes = routes, For = TimeSpan.FromSeconds(60), By = "alice", Reason = "incident 12", FailMode = FailMode.FailOpen };

    private Task<Api> StartAsync(OtherServer server) => Api.StartAsync(options => options.Introspection = new() { IntrospectionEndpoint = server.Endpoint, ClientId = "rs", ClientSecret = "secret of rs", Retries = 0 }, _time);

    [Fact]
    public async Task Nobody_sets_one_where_the_endpoint_asks_for_nothing()
    {
        await using var server = await OtherServer.StartAsync();
        await using var api = await Api.StartAsync(options => options.Introspection = new() { IntrospectionEndpoint = server.Endpoint, ClientId = "rs", ClientSecret = "s" });
        var refused = await api.GetAsync("/unprotected-ops", "t");
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await refused.Content.ReadAsStringAsync()).ShouldContain("not protected");
    }
}

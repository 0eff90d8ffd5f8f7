using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Tests.ForwardAuth;
using Touchstone.Sidecar.Tests.Introspection;

namespace Touchstone.Sidecar.Tests;

/// <summary>Whether requests are to be sent here.</summary>
public sealed class ReadinessTests
{
    [Theory]
    [InlineData("ready_when: rules", HttpStatusCode.OK), InlineData("ready_when: feed", HttpStatusCode.ServiceUnavailable)]
    public async Task In_an_outage_it_is_ready_unless_the_feed_is_asked_for(string more, HttpStatusCode expected)
    {
        await using var site = await SidecarSite.OpenAsync(more: more);
        (await ReadyAsync(site)).Status.ShouldBe(HttpStatusCode.OK);
        await site.Server.DisposeAsync();
        site.Server.Time.AdvanceSeconds(60);
        (await ReadyAsync(site)).Status.ShouldBe(expected);
    }

    [Fact]
    public async Task Told_to_stop_it_first_says_that_it_is_not_ready_and_answers_until_its_time_is_over()
    {
        await using var site = await SidecarSite.OpenAsync(more: "drain: 5s");
        var address = site.Address;
        var stopping = site.Sidecar.DisposeAsync().AsTask();
        (await ReadyAsync(site)).ShouldBe((HttpStatusCode.ServiceUnavailable, "{\"status\":\"it is stopping\"}"));
        site.Server.Time.AdvanceSeconds(4);
        (await site.AskAsync("nginx", "GET", "orders.acme.test", "/healthz", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        stopping.IsCompleted.ShouldBeFalse();
        site.Server.Time.AdvanceSeconds(1);
        await stopping.WaitAsync(TimeSpan.FromSeconds(30));
        await Should.ThrowAsync<HttpRequestException>(() => site.Http.GetAsync(address));
    }

    [Fact]
    public async Task Who_is_missing_and_why_stands_in_readiness_in_the_status_and_in_the_log()
    {
        using var folder = new TempFolder();
        var file = folder.File("sidecar.yaml");
        await System.IO.File.WriteAllTextAsync(file, """
            listen: http://127.0.0.1:0
            admin: http://127.0.0.1:0
            issuers: { issuer: "http://127.0.0.1:1", client_id: demo-api, client_secret: in-no-log-and-no-page }
            rules: [{ name: all, paths: "/**" }]
            """);
        var logs = new CapturedLogs();
        await using var sidecar = await SidecarApp.StartAsync(Touchstone.Sidecar.Configuration.SidecarConfigReader.ReadFile(file).Config!, file, builder => builder.Logging.ClearProviders().AddProvider(logs));
        using var http = new HttpClient { BaseAddress = new Uri(sidecar.Admin!) };
        using var ready = await http.GetAsync("/health/ready");
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync()).ShouldBe("{\"status\":\"http://127.0.0.1:1 was not found yet: it could not be reached: Connection refused\"}");
        (await http.GetStringAsync("/status")).ShouldContain("\"last_fault\":\"could not be reached: Connection refused\"");
        logs.Of(10).Count(static line => line.Level is LogLevel.Warning).ShouldBe(1);
        logs.Text.ShouldNotContain("in-no-log");
    }

    // Behind what sends requests only to the ready they could not ask before.
    [Fact]
    public async Task Callers_that_are_forwarded_need_not_have_asked()
    {
        var (time, isThere) = (new ManualTime(), false);
        await using var server = await SlowServer.StartAsync(http =>
        {
            if (!Volatile.Read(ref isThere)) return Refuse(http);
            var issuer = $"http://{http.Request.Host}";
            return http.Response.WriteAsync($$"""{"issuer":"{{issuer}}","introspection_endpoint":"{{issuer}}/introspect"}""");
        });
        var (config, faults) = SidecarConfigReader.Read($$"""
            listen: http://127.0.0.1:0
            admin: http://127.0.0.1:0
            issuers: { issuer: "{{server.Address.GetLeftPart(UriPartial.Authority)}}", client_id: gateway, client_secret: s }
            introspect: { forward: caller, callers: [{ client_id: one, client_secret: a }, { client_id: two, client_secret: b }] }
            rules: { name: r, paths: /** }
            """, ".");
        await using var sidecar = await SidecarApp.StartAsync(config.ShouldNotBeNull(string.Join('\n', faults)), "none.yaml", time: time);
        using var http = new HttpClient();
        var (status, body) = await ReadyAsync(http, new Uri(sidecar.Admin!));
        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        body.ShouldContain("was not found yet");
        Volatile.Write(ref isThere, true);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await ReadyAsync(http, new Uri(sidecar.Admin!))).Status is not HttpStatusCode.OK)
        {
            patience.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        static Task Refuse(HttpContext http)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        }
    }

    private static Task<(HttpStatusCode Status, string Body)> ReadyAsync(SidecarSite site) => ReadyAsync(site.Http, site.Admin);

    private static async Task<(HttpStatusCode Status, string Body)> ReadyAsync(HttpClient http, Uri admin)
    {
        using var response = await http.GetAsync(new Uri(admin, "/health/ready"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>
/// What clients of nginx see of a server that is gone, stands still or fails, with the timeouts that a sidecar has by default: each route does what its fail mode says, within the deadline, and nobody sees a 500.
/// </summary>
[Collection(LoadCollection.Name)]
public sealed class NginxOutageTests
{
    // The 5 s in which a sidecar gives up by itself, and what a busy machine adds.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5), Slack = TimeSpan.FromSeconds(1);

    private const string MoreRules = """
          - { name: stale, paths: /stale, max_ttl: 20ms, fail_mode: stale_if_error, max_stale: 5m, headers: { X-User: sub } }
          - { name: open, paths: /open, fail_mode: open, headers: { X-User: sub } }

        """;

    public enum Fault
    {
        /// <summary><c>kill -9</c>.</summary>
        Killed,

        /// <summary>SIGSTOP: connections come about, and nothing is answered.</summary>
        Frozen,

        /// <summary>Everything is answered 500.</summary>
        Failing,
    }

    [Theory]
    [InlineData(Fault.Killed), InlineData(Fault.Frozen), InlineData(Fault.Failing)]
    public async Task L47_Each_route_does_what_its_fail_mode_says_within_the_deadline_and_nobody_sees_a_500(Fault fault)
    {
        ProxySite.Need(SampleProxy.Nginx);
        await using var site = await ProxySite.StartAsync(SampleProxy.Nginx, static file => "log_decisions: all\n" + file + MoreRules, ServerSetup.Demo with { Environment = ServerSetup.NoLimits });
        var token = site.Server.DemoToken;
        foreach (var path in new[] { "/orders", "/stale", "/open" }) (await ProxyUnderTest.AskAsync(path, token)).Status.ShouldBe(200, path);
        await using var failing = await BeginAsync(fault, site);

        var longest = new ConcurrentDictionary<string, TimeSpan>();
        var unknown = 0;
        // One alone is tried as often as it may be: nobody else's failures open the breaker.
        await AskAsync("closed, alone", "/orders", Unknown(), static answer => (answer.Status, answer.Header("Retry-After")).ShouldBe((503, "1")));
        // The first wave meets the fault itself, the later ones a breaker that knows of it, and what it lets try.
        for (var wave = 0; wave < 3; wave++)
        {
            site.Service.Clear();
            await Task.WhenAll(Enumerable.Range(0, 10).SelectMany(_ => new[]
            {
                AskAsync("closed", "/orders", Unknown(), answer => (answer.Status, answer.Header("Retry-After")).ShouldBe((503, "1"))),
                AskAsync("stale, known", "/stale", token, static answer => (answer.Status, answer.Text).ShouldBe((200, "GET /stale X-User=alice X-Scope=-"))),
                AskAsync("stale, unknown", "/stale", Unknown(), static answer => (answer.Status, answer.Header("Retry-After")).ShouldBe((503, "1"))),
                // A 500 may be about just this token: it opens nothing until most calls failed.
                AskAsync("open", "/open", Unknown(), answer => answer.Status.ShouldBeOneOf(fault is Fault.Failing ? [200, 503] : [200])),
                AskAsync("anybody", "/healthz", null, static answer => answer.Status.ShouldBe(200)),
                AskAsync("malformed", "/open", "a,b", static answer => answer.Status.ShouldBe(401)),
            }));
        }
        // By now it does, of whichever kind the fault is.
        await Until.TrueAsync(async () => (await ProxyUnderTest.AskAsync("/open", Unknown())).Status == 200, "the rule lets pass", TimeSpan.FromSeconds(10));
        foreach (var request in site.Service.Requests.Where(static request => request.Target == "/open")) request.All("X-User").ShouldBe(["-"]);
        site.Printed.ShouldContain(line => line.Contains("cannot_tell by rule read orders", StringComparison.Ordinal));

        var figures = string.Join(", ", longest.OrderBy(static route => route.Key, StringComparer.Ordinal).Select(static route => string.Create(CultureInfo.InvariantCulture, $"{route.Key} {route.Value.TotalMilliseconds:F0} ms")));
        Bars.Tell($"nginx, the server {fault.ToString().ToLowerInvariant()}: the longest answers were {figures}.");
        foreach (var (route, time) in longest) time.ShouldBeLessThan(Deadline + Slack, route);

        string Unknown() => string.Create(CultureInfo.InvariantCulture, $"never-seen-{Interlocked.Increment(ref unknown)}");

        async Task AskAsync(string route, string path, string? shown, Action<Answer> judge)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await ProxyUnderTest.AskAsync(path, shown);
            var time = Stopwatch.GetElapsedTime(began);
            longest.AddOrUpdate(route, time, (_, before) => time > before ? time : before);
            answer.Status.ShouldNotBe(500, route);
            judge(answer);
        }
    }

    private static async Task<IAsyncDisposable> BeginAsync(Fault fault, ProxySite site)
    {
        if (fault is Fault.Frozen)
        {
            site.Server.Stop();
            return new Nothing();
        }
        await site.Server.Kill9Async();
        if (fault is Fault.Killed) return new Nothing();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(site.Server.Address.ToString());
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(static http =>
        {
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        });
        await app.StartAsync();
        return app;
    }

    private sealed class Nothing : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

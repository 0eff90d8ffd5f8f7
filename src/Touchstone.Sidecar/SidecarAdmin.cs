using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Client;
using Touchstone.Hosting;
using Touchstone.Sidecar.Introspection;
using Touchstone.Sidecar.Overrides;
using Touchstone.Sidecar.Telemetry;

namespace Touchstone.Sidecar;

/// <summary>What operators and orchestrators look at, on a listener of its own: <c>/health/live</c>, <c>/health/ready</c>, <c>/status</c>, <c>/metrics</c>, <c>/overrides</c>, <c>/cache/invalidate</c>.</summary>
internal sealed class SidecarAdmin(RulesInForce rules, RulesWatcher watcher, Upstreams upstreams, SidecarMetrics metrics, OverridesEndpoint overrides, Drain drain, bool isReadyByFeed)
{
    internal WebApplication Create(WebApplicationBuilder builder)
    {
        // Disposed with the listener.
        builder.Services.AddSingleton(static _ => new MetricsEndpoint("touchstone-sidecar", SidecarMetrics.Wide, SidecarApp.Meters));
        var app = builder.Build();
        var page = app.Services.GetRequiredService<MetricsEndpoint>();
        app.Run(http => (http.Request.Method, http.Request.Path.Value) switch
        {
            ("GET" or "HEAD", "/health/live") => WriteAsync(http, StatusCodes.Status200OK, static json => json.WriteString("status"u8, "live")),
            ("GET" or "HEAD", "/health/ready") => ReadyAsync(http),
            (_, OverridesEndpoint.Path) => overrides.ServeAsync(http),
            ("POST", "/cache/invalidate") => InvalidateAsync(http),
            ("GET" or "HEAD", "/status") => WriteAsync(http, StatusCodes.Status200OK, Tell),
            ("GET", "/metrics") => page.WriteAsync(http),
            _ => WriteAsync(http, StatusCodes.Status404NotFound, static json => json.WriteString("error"u8, "not_found")),
        });
        return app;
    }

    // Whoever answered once answers from memory, and says when it can't tell: taking it away would refuse everybody. Of forwarded callers nothing is asked: who waits for the first question of each gets none.
    private Task ReadyAsync(HttpContext http)
    {
        var missing = drain.HasBegun ? "it is stopping"
            : Missing(static status => !status.IsServerFound, "was not found yet")
            ?? (isReadyByFeed ? Missing(static status => status.Feed is FeedState.Lapsed, "has a feed that is not followed") : null);
        return WriteAsync(http, missing is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, json => json.WriteString("status"u8, missing ?? "ready"));
    }

    // Which, and why: whoever waits for it looks nowhere else first.
    private string? Missing(Func<IntrospectionClientStatus, bool> isMissing, string what)
    {
        var those = upstreams.Own.Where(upstream => isMissing(upstream.Client.Status)).Select(upstream => upstream.Client.Status.LastFault is { } why ? $"{upstream.Name} {what}: it {why}" : $"{upstream.Name} {what}");
        return string.Join("; ", those) is { Length: > 0 } missing ? missing : null;
    }

    // For servers without a feed: somebody knows from elsewhere that a token ended.
    private async Task InvalidateAsync(HttpContext http)
    {
        // Whoever holds a token could learn that it is known here, and have the server asked about it each time.
        if (overrides.Refusal(http) is { } refused)
        {
            Answers.Refuse(http.Response, refused);
            return;
        }
        try
        {
            var form = await http.Request.ReadFormAsync(http.RequestAborted);
            if (form["token"] is [{ Length: > 0 } token])
            {
                var wasKept = false;
                foreach (var upstream in upstreams.All) wasKept |= await upstream.Client.InvalidateAsync(token);
                await WriteAsync(http, StatusCodes.Status200OK, json => json.WriteBoolean("was_kept"u8, wasKept));
                return;
            }
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or InvalidDataException or BadHttpRequestException)
        {
            // As if it had no token.
        }
        await WriteAsync(http, StatusCodes.Status400BadRequest, static json =>
        {
            json.WriteString("error"u8, "invalid_request");
            json.WriteString("error_description"u8, "Send one token as application/x-www-form-urlencoded.");
        });
    }

    private void Tell(Utf8JsonWriter json)
    {
        json.WriteStartObject("rules"u8);
        json.WriteNumber("version"u8, rules.Now.Version);
        json.WriteNumber("count"u8, rules.Now.Rules.All.Count);
        json.WriteNumber("refused_files"u8, watcher.Refused);
        json.WriteEndObject();
        json.WriteStartArray("issuers"u8);
        foreach (var upstream in upstreams.All)
        {
            var status = upstream.Client.Status;
            json.WriteStartObject();
            json.WriteString("name"u8, upstream.Name);
            json.WriteString("feed"u8, status.Feed.ToString());
            json.WriteNumber("feed_head"u8, status.FeedHead);
            json.WriteString("breaker"u8, status.Breaker.ToString());
            if (status.LastFault is { } fault) json.WriteString("last_fault"u8, fault);
            json.WriteNumber("active_entries"u8, status.Entries);
            json.WriteNumber("inactive_entries"u8, status.InactiveEntries);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        overrides.Tell(json);
        var (top, other) = metrics.Clients.Read();
        json.WriteStartArray("top_clients"u8);
        foreach (var share in top)
        {
            json.WriteStartObject();
            json.WriteString("client_id"u8, share.Client);
            json.WriteNumber("decisions"u8, share.Decisions);
            json.WriteNumber("at_least"u8, share.AtLeast);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("other_clients"u8, other);
    }

    private static async Task WriteAsync(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        using var body = new MemoryStream();
        await using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        http.Response.ContentLength = body.Length;
        if (http.Request.Method != "HEAD") await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
    }
}

using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Touchstone.Client;

namespace Touchstone.Sidecar;

/// <summary>What operators and orchestrators look at, on a listener of its own: <c>/health/live</c>, <c>/health/ready</c>, <c>/status</c>, <c>/cache/invalidate</c>.</summary>
internal static class SidecarAdmin
{
    internal static WebApplication Create(WebApplicationBuilder builder, RulesInForce rules, RulesWatcher watcher, IReadOnlyList<IntrospectionClient> clients)
    {
        var app = builder.Build();
        app.Run(http => (http.Request.Method, http.Request.Path.Value) switch
        {
            ("GET" or "HEAD", "/health/live") => WriteAsync(http, StatusCodes.Status200OK, static json => json.WriteString("status"u8, "live")),
            // Whoever answered once answers from memory, and says when it can't tell: taking it away would refuse everybody.
            ("GET" or "HEAD", "/health/ready") when clients.All(static client => client.Status.IsServerFound) => WriteAsync(http, StatusCodes.Status200OK, static json => json.WriteString("status"u8, "ready")),
            ("GET" or "HEAD", "/health/ready") => WriteAsync(http, StatusCodes.Status503ServiceUnavailable, static json => json.WriteString("status"u8, "the server was not found yet")),
            ("POST", "/cache/invalidate") => InvalidateAsync(http, clients),
            ("GET" or "HEAD", "/status") => WriteAsync(http, StatusCodes.Status200OK, json => Tell(json, rules, watcher, clients)),
            _ => WriteAsync(http, StatusCodes.Status404NotFound, static json => json.WriteString("error"u8, "not_found")),
        });
        return app;
    }

    // For servers without a feed: somebody knows from elsewhere that a token ended.
    private static async Task InvalidateAsync(HttpContext http, IReadOnlyList<IntrospectionClient> clients)
    {
        try
        {
            var form = await http.Request.ReadFormAsync(http.RequestAborted);
            if (form["token"] is [{ Length: > 0 } token])
            {
                var wasKept = false;
                foreach (var client in clients) wasKept |= await client.InvalidateAsync(token);
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

    private static void Tell(Utf8JsonWriter json, RulesInForce rules, RulesWatcher watcher, IReadOnlyList<IntrospectionClient> clients)
    {
        json.WriteStartObject("rules"u8);
        json.WriteNumber("version"u8, rules.Now.Version);
        json.WriteNumber("count"u8, rules.Now.Rules.All.Count);
        json.WriteNumber("refused_files"u8, watcher.Refused);
        json.WriteEndObject();
        json.WriteStartArray("clients"u8);
        foreach (var client in clients)
        {
            var status = client.Status;
            json.WriteStartObject();
            json.WriteString("feed"u8, status.Feed.ToString());
            json.WriteNumber("feed_head"u8, status.FeedHead);
            json.WriteString("breaker"u8, status.Breaker.ToString());
            json.WriteNumber("active_entries"u8, status.Entries);
            json.WriteNumber("inactive_entries"u8, status.InactiveEntries);
            json.WriteEndObject();
        }
        json.WriteEndArray();
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

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Touchstone.Benchmarks;

/// <summary>The floor: what the bare framework needs to read a form and answer 250 fixed bytes of JSON. No look-up, no telemetry, no log.</summary>
internal static class BareServer
{
    internal static async Task RunAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        await using var app = builder.Build();
        var answer = System.Text.Encoding.UTF8.GetBytes("{\"active\":true,\"padding\":\"" + new string('x', 223) + "\"}");
        app.MapPost("/oauth/introspect", async http =>
        {
            await http.Request.ReadFormAsync(http.RequestAborted);
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = answer.Length;
            await http.Response.Body.WriteAsync(answer, http.RequestAborted);
        });
        await app.RunAsync();
    }

    /// <summary>The floor of forward auth: 200 without a body, whatever is asked.</summary>
    internal static async Task AllowAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        await using var app = builder.Build();
        app.Run(static http =>
        {
            http.Response.ContentLength = 0;
            return Task.CompletedTask;
        });
        await app.RunAsync();
    }
}

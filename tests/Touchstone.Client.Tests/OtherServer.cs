using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Touchstone.Client.Tests;

/// <summary>An introspection server that is not ours, over real HTTP: it answers what a test wants, and counts.</summary>
internal sealed class OtherServer : IAsyncDisposable
{
    internal const string Active = """{"active":true,"sub":"alice","scope":"orders:read"}""", Inactive = """{"active":false}""";

    private readonly WebApplication _app;
    private int _calls;

    private OtherServer(WebApplication app) => _app = app;

    /// <summary>What it does; the form has been read.</summary>
    internal Func<HttpContext, Task> Behavior { get; set; } = http => AnswerAsync(http, Active);

    internal int Calls => Volatile.Read(ref _calls);

    internal Uri Address => new(_app.Urls.First());

    internal Uri Endpoint => new(Address, "/introspect");

    internal static async Task<OtherServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var server = new OtherServer(builder.Build());
        server._app.Run(async http =>
        {
            if (HttpMethods.IsPost(http.Request.Method)) await http.Request.ReadFormAsync();
            Interlocked.Increment(ref server._calls);
            await server.Behavior(http);
        });
        await server._app.StartAsync();
        return server;
    }

    internal static Task AnswerAsync(HttpContext http, string json, string type = "application/json")
    {
        http.Response.ContentType = type;
        return http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(json)).AsTask();
    }

    internal static Task RefuseAsync(HttpContext http, int status, string? retryAfter = null)
    {
        http.Response.StatusCode = status;
        if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    }

    /// <summary>A client of it; without waits between tries, so that no test sleeps.</summary>
    internal IntrospectionClient Client(Action<TokenIntrospectionOptions>? more = null, TimeProvider? time = null)
    {
        var options = new TokenIntrospectionOptions { IntrospectionEndpoint = Endpoint, ClientId = "rs", ClientSecret = "secret of rs", Retries = 0 };
        // By the real clock, as patient as a slow machine needs it; what is about time says how much.
        if (time is null) options.Timeout = options.TryTimeout = TimeSpan.FromSeconds(30);
        more?.Invoke(options);
        return new IntrospectionClient(options, time: time);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Touchstone.Sidecar.Tests.Introspection;

/// <summary>An introspection endpoint that knows no token, and answers once it is told to.</summary>
internal sealed class SlowServer(WebApplication app) : IAsyncDisposable
{
    internal Uri Address => new(app.Urls.First());

    internal static Task<SlowServer> StartAsync(Func<Task> wait) => StartAsync(async http =>
    {
        await wait();
        await http.Response.WriteAsync("{\"active\":false}");
    });

    /// <summary>One that answers as told, in JSON.</summary>
    internal static async Task<SlowServer> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(http =>
        {
            http.Response.ContentType = "application/json";
            return answer(http);
        });
        await app.StartAsync();
        return new SlowServer(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}

using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>A service that trusts what the proxy says: it answers with what it was told.</summary>
internal sealed class ServiceBehind : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ServiceBehind(WebApplication app) => _app = app;

    /// <summary>The paths that reached it.</summary>
    internal ConcurrentQueue<string> Reached { get; } = new();

    internal static async Task<ServiceBehind> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        var service = new ServiceBehind(builder.Build());
        service._app.Run(http =>
        {
            service.Reached.Enqueue(http.Request.Path.Value!);
            var told = $"{http.Request.Method} {http.Request.Path} X-User={http.Request.Headers["X-User"]} X-Scope={http.Request.Headers["X-Scope"]}";
            http.Response.ContentLength = System.Text.Encoding.UTF8.GetByteCount(told);
            return http.Response.WriteAsync(told);
        });
        await service._app.StartAsync();
        return service;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

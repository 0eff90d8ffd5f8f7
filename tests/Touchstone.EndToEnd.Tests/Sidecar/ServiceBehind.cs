using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>A service that trusts what the proxy says: it answers with what it was told.</summary>
internal sealed class ServiceBehind : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ServiceBehind(WebApplication app) => _app = app;

    /// <summary>The paths that reached it.</summary>
    internal ConcurrentQueue<string> Reached { get; } = new();

    /// <summary>The same requests, whole.</summary>
    internal ConcurrentQueue<Received> Requests { get; } = new();

    /// <summary>A request as it came.</summary>
    /// <param name="Target">Path and query, not decoded.</param>
    /// <param name="Headers">Its headers, each as often as it was sent.</param>
    internal sealed record Received(string Target, IReadOnlyList<(string Name, string Value)> Headers)
    {
        /// <summary>All values under a name, or under one that a server could take for it.</summary>
        internal string[] All(string name) => [.. Headers.Where(header => Fold(header.Name) == Fold(name)).Select(static header => header.Value)];

        private static string Fold(string name) => string.Concat(name.Select(static c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'));
    }

    /// <summary>Forgets what reached it.</summary>
    internal void Clear()
    {
        Reached.Clear();
        Requests.Clear();
    }

    internal static async Task<ServiceBehind> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        var service = new ServiceBehind(builder.Build());
        service._app.Run(http =>
        {
            service.Reached.Enqueue(http.Request.Path.Value!);
            service.Requests.Enqueue(new Received(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, [.. http.Request.Headers.SelectMany(static header => header.Value.Select(value => (header.Key, value ?? "")))]));
            var told = $"{http.Request.Method} {http.Request.Path} X-User={http.Request.Headers["X-User"]} X-Scope={http.Request.Headers["X-Scope"]}";
            http.Response.ContentLength = System.Text.Encoding.UTF8.GetByteCount(told);
            return http.Response.WriteAsync(told);
        });
        await service._app.StartAsync();
        return service;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

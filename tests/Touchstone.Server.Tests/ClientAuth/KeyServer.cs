using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary>A real server of a <c>jwks_uri</c> on loopback, which can misbehave.</summary>
internal sealed class KeyServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;

    private KeyServer(WebApplication app, JsonObject jwks)
    {
        _app = app;
        Answer = http => http.Response.WriteAsync(Keys!.ToJsonString());
        Keys = jwks;
    }

    internal JsonObject Keys { get; set; }

    internal RequestDelegate Answer { get; set; }

    internal int Calls => Volatile.Read(ref _calls);

    /// <summary>Done at the first call.</summary>
    internal Task Called => _called.Task;

    internal string Uri => _app.Urls.First() + "/jwks.json";

    internal static async Task<KeyServer> StartAsync(JsonObject jwks, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null) listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        var server = new KeyServer(app, jwks);
        app.Run(http =>
        {
            Interlocked.Increment(ref server._calls);
            server._called.TrySetResult();
            return server.Answer(http);
        });
        await app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

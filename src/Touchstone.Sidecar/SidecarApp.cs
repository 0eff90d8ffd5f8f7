using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Client;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.ForwardAuth;

namespace Touchstone.Sidecar;

/// <summary>The composition of the sidecar: clients, rules, and two listeners, one for proxies and one for operators. A started sidecar is this object.</summary>
internal sealed class SidecarApp : IAsyncDisposable
{
    private readonly WebApplication _proxies;
    private readonly WebApplication? _operators;
    private readonly IReadOnlyList<IntrospectionClient> _clients;

    private SidecarApp(WebApplication proxies, WebApplication? operators, IReadOnlyList<IntrospectionClient> clients, RulesInForce rules, RulesWatcher watcher) =>
        (_proxies, _operators, _clients, Rules, Watcher) = (proxies, operators, clients, rules, watcher);

    /// <summary>Where proxies ask.</summary>
    internal IReadOnlyCollection<string> Addresses => [.. _proxies.Urls];

    /// <summary>Where operators look; null: nowhere.</summary>
    internal string? Admin => _operators?.Urls.First();

    internal RulesInForce Rules { get; }

    internal RulesWatcher Watcher { get; }

    /// <summary>Starts. It listens when this returns, and each server was looked for; one that is not there is looked for again.</summary>
    /// <param name="config">What the file says.</param>
    /// <param name="file">The file, to be followed.</param>
    /// <param name="adjust">For tests.</param>
    /// <param name="time">The clock by which tokens are judged.</param>
    /// <param name="stop">Ends the start.</param>
    internal static async Task<SidecarApp> StartAsync(SidecarConfig config, string file, Action<WebApplicationBuilder>? adjust = null, TimeProvider? time = null, CancellationToken stop = default)
    {
        time ??= TimeProvider.System;
        var builder = NewBuilder(config.Listen);
        adjust?.Invoke(builder);
        var rules = new RulesInForce(config);
        builder.Services.AddSingleton(rules);
        builder.Services.AddSingleton(parts => new RulesWatcher(file, rules, parts.GetRequiredService<ILogger<RulesWatcher>>(), TimeProvider.System));
        builder.Services.AddHostedService(static parts => parts.GetRequiredService<RulesWatcher>());
        var app = builder.Build();
        var logger = app.Services.GetRequiredService<ILogger<IntrospectionClient>>();
        var clients = config.Issuers.Select(issuer => new IntrospectionClient(issuer.Options, logger: logger, time: time)).ToArray();
        var router = new IntrospectionRouter([.. config.Issuers.Zip(clients, static (issuer, client) => new IntrospectionRoute(client) { TokenPrefix = issuer.TokenPrefix })]);
        var forwardAuth = new ForwardAuthEndpoint(new Decider(router, time), rules, config.Realm, config.NginxOutageStatus);
        app.Run(http => Serve(http, forwardAuth));
        var watcher = app.Services.GetRequiredService<RulesWatcher>();
        var operators = config.Admin is { } admin ? SidecarAdmin.Create(NewBuilder([admin]), rules, watcher, clients) : null;
        var sidecar = new SidecarApp(app, operators, clients, rules, watcher);
        try
        {
            await Task.WhenAll(clients.Select(client => client.StartAsync(stop)));
            if (operators is not null) await operators.StartAsync(stop);
            await app.StartAsync(stop);
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
        app.Services.GetRequiredService<ILogger<SidecarApp>>().Started(string.Join(", ", app.Urls), sidecar.Admin ?? "nowhere", config.Rules.All.Count);
        return sidecar;
    }

    /// <summary>Waits until it is told to stop (SIGTERM, Ctrl-C), and finishes the requests under way.</summary>
    internal Task WaitForShutdownAsync(CancellationToken stop) => _proxies.WaitForShutdownAsync(stop);

    public async ValueTask DisposeAsync()
    {
        await _proxies.StopAsync();
        if (_operators is not null) await _operators.DisposeAsync();
        await _proxies.DisposeAsync();
        foreach (var client in _clients) await client.DisposeAsync();
    }

    // By hand, and by the target as it came: a router would decode it first.
    private static Task Serve(HttpContext http, ForwardAuthEndpoint forwardAuth)
    {
        if (forwardAuth.Find(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) is { } adapter) return forwardAuth.ServeAsync(http, adapter);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static WebApplicationBuilder NewBuilder(IReadOnlyList<string> addresses)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls([.. addresses.Select(static address => address.StartsWith("unix:", StringComparison.Ordinal) ? "http://" + address : address)]);
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0; // Nobody's body is looked at.
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(static console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        return builder;
    }
}

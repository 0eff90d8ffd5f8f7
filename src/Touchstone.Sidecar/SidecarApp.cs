using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Hosting;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.ForwardAuth;
using Touchstone.Sidecar.Introspection;
using Touchstone.Sidecar.Kubernetes;
using Touchstone.Sidecar.Opa;
using Touchstone.Sidecar.Overrides;
using Touchstone.Sidecar.Telemetry;
using Touchstone.Sidecar.Tls;

namespace Touchstone.Sidecar;

/// <summary>The composition of the sidecar: clients, rules, and two listeners, one for proxies and one for operators. A started sidecar is this object.</summary>
internal sealed class SidecarApp : IAsyncDisposable
{
    internal static readonly string[] Meters = [SidecarMetrics.MeterName, "Touchstone.Client"];

    // How long requests under way have to end.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly WebApplication _proxies;
    private readonly WebApplication? _operators;
    private readonly Upstreams _upstreams;
    private readonly IReadOnlyList<IDisposable?> _parts;
    private int _isDisposed;

    private SidecarApp(WebApplication proxies, WebApplication? operators, Upstreams upstreams, IReadOnlyList<IDisposable?> parts, RulesInForce rules, RulesWatcher watcher) =>
        (_proxies, _operators, _upstreams, _parts, Rules, Watcher) = (proxies, operators, upstreams, parts, rules, watcher);

    /// <summary>Where proxies ask.</summary>
    internal IReadOnlyCollection<string> Addresses => [.. _proxies.Urls.Select(UnixSockets.FromFramework)];

    /// <summary>Where operators look; empty: nowhere.</summary>
    internal IReadOnlyList<string> AdminAddresses => [.. _operators?.Urls.Select(UnixSockets.FromFramework) ?? []];

    /// <summary>The first of them; null: there is none.</summary>
    internal string? Admin => AdminAddresses is [var first, ..] ? first : null;

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
        foreach (var address in config.Listen.Concat(config.Admin)) UnixSockets.Free(address);
        var start = new Start();
        var builder = NewBuilder(config.Listen, config.Tls, config.SocketMode, start);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = config.Drain + Patience);
        var drain = new Drain(config.Drain, time);
        builder.Services.AddHostedService(_ => drain);
        adjust?.Invoke(builder);
        var rules = new RulesInForce(config);
        builder.Services.AddSingleton(rules);
        builder.Services.AddSingleton(parts => new RulesWatcher(file, rules, parts.GetRequiredService<ILogger<RulesWatcher>>(), TimeProvider.System));
        builder.Services.AddHostedService(static parts => parts.GetRequiredService<RulesWatcher>());
        // The variables of OpenTelemetry are the only ones that count.
        OtlpExport.Add(builder, config.Otlp, new OtlpSource("touchstone-sidecar", Meters, [SidecarActivities.SourceName, "Touchstone.Client"]), new ConfigurationBuilder().AddEnvironmentVariables().Build());
        var app = builder.Build();
        var watcher = app.Services.GetRequiredService<RulesWatcher>();
        var overrides = new PolicyOverrides(rules, app.Services.GetRequiredService<ILogger<PolicyOverrides>>(), time);
        var upstreams = new Upstreams(config, () => [.. overrides.PoliciesInUse(), .. config.FixedPolicies], app.Services.GetRequiredService<ILoggerFactory>(), time);
        var metrics = new SidecarMetrics(() => rules.Now.Version, () => watcher.Refused);
        var policies = config.Opa is { } opa ? new OpaClient(opa, metrics, time) : null;
        var decider = new Decider(upstreams.Tokens, overrides, policies, time);
        var log = new DecisionLog(config.LogDecisions, app.Services.GetRequiredService<ILogger<DecisionLog>>());
        var forwardAuth = new ForwardAuthEndpoint(decider, rules, log, metrics, config.Realm, config.NginxOutageStatus, time);
        var introspect = config.Introspect is { } known ? new IntrospectEndpoint(upstreams.Tokens, upstreams.TokensOfCallers, known.Callers, known.Policy, known.MostAtOnce) : null;
        var review = config.Kubernetes is { } cluster ? new TokenReviewEndpoint(upstreams.Tokens, rules, cluster) : null;
        var admission = config.Admission is { } admitting ? new AdmissionEndpoint(upstreams.Tokens, decider, rules, admitting, log, metrics) : null;
        app.Run(http => Serve(http, forwardAuth, introspect, review, admission));
        var operators = config.Admin.Count > 0 ? new SidecarAdmin(rules, watcher, upstreams, metrics, new OverridesEndpoint(overrides), drain, config.IsReadyByFeed).Create(NewBuilder(config.Admin, config.AdminTls, config.AdminSocketMode, start)) : null;
        var sidecar = new SidecarApp(app, operators, upstreams, [policies, overrides, metrics], rules, watcher);
        try
        {
            // Beside it: who is asked about a token waits for the first look at its server, and nobody else.
            var looking = upstreams.StartAsync(stop);
            await app.StartAsync(stop);
            if (operators is not null) await operators.StartAsync(stop);
            start.IsOver = true;
            await looking;
        }
        catch (Exception failed)
        {
            await sidecar.DisposeAsync();
            if (Listeners.FaultOf(failed, config.Listen.Concat(config.Admin)) is { } fault) throw new ListenException(fault, failed);
            throw;
        }
        var own = app.Services.GetRequiredService<ILogger<SidecarApp>>();
        own.Started(string.Join(", ", sidecar.Addresses), sidecar.Admin is null ? "nowhere" : string.Join(", ", sidecar.AdminAddresses), SidecarLog.Counted(config));
        own.TellWarnings(file, config.Warnings);
        return sidecar;
    }

    /// <summary>Waits until it is told to stop (SIGTERM, Ctrl-C), and finishes the requests under way.</summary>
    internal Task WaitForShutdownAsync(CancellationToken stop) => _proxies.WaitForShutdownAsync(stop);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _proxies.StopAsync();
        if (_operators is not null) await _operators.DisposeAsync();
        await _proxies.DisposeAsync();
        await _upstreams.DisposeAsync();
        foreach (var part in _parts) part?.Dispose();
    }

    private sealed class Start
    {
        internal volatile bool IsOver;
    }

    // By hand, and by the target as it came: a router would decode it first.
    private static Task Serve(HttpContext http, ForwardAuthEndpoint forwardAuth, IntrospectEndpoint? introspect, TokenReviewEndpoint? review, AdmissionEndpoint? admission)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (forwardAuth.Find(target) is { } adapter) return forwardAuth.ServeAsync(http, adapter);
        if (introspect is not null && target == IntrospectEndpoint.Path) return introspect.ServeAsync(http);
        // The API server adds the time that it waits to the URL.
        if (review is not null && IsAt(target, TokenReviewEndpoint.Path)) return review.ServeAsync(http);
        if (admission is not null && IsAt(target, AdmissionEndpoint.Path)) return admission.ServeAsync(http);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static bool IsAt(string target, string path) => target.StartsWith(path, StringComparison.Ordinal) && (target.Length == path.Length || target[path.Length] == '?');

    private static WebApplicationBuilder NewBuilder(IReadOnlyList<string> addresses, ListenerTls? tls, UnixFileMode socketMode, Start start)
    {
        // The file says everything: no variable and no file of the framework opens another port, or a page of faults; and none is looked for, which is time at the start.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls([.. addresses.Select(UnixSockets.ForFramework)]);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = address => UnixSockets.Bind(address, socketMode));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (tls is not null) kestrel.ConfigureHttpsDefaults(tls.Apply);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = IntrospectEndpoint.MaxBodyBytes;
            // Headers of clients come with the proxy's own. What is refused here nginx makes a 500 of, so nothing is: whatever counts is held to ASCII by its reader.
            kestrel.RequestHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
            kestrel.Limits.MaxRequestHeadersTotalSize = 128 << 10;
            kestrel.Limits.MaxRequestHeaderCount = 2000;
        });
        builder.Logging.AddConsoleLog();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        // What keeps it from starting is told in one line by whoever started it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None).AddFilter("Microsoft.AspNetCore.Server.Kestrel", level => level >= (start.IsOver ? LogLevel.Warning : LogLevel.None));
        // With its log on, the host makes an activity and a log scope for every request: 1 µs.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = Patience);
        return builder;
    }
}

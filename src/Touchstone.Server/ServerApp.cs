using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Touchstone.Hosting;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Admin;
using Touchstone.Server.Audit;
using Touchstone.Server.Cleanup;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Feed;
using Touchstone.Server.Http;
using Touchstone.Server.Introspection;
using Touchstone.Server.Leases;
using Touchstone.Server.Limits;
using Touchstone.Server.Metadata;
using Touchstone.Server.Revocation;
using Touchstone.Server.Settings;
using Touchstone.Server.Signing;
using Touchstone.Server.Startup;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Storage.Sqlite;
using Touchstone.Server.Telemetry;
using Touchstone.Server.Tls;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server;

/// <summary>The composition of the server: settings, parts, pipeline. A started server is this object.</summary>
public sealed class ServerApp : IAsyncDisposable
{
    // The largest admin body: 1,000 tokens of 4 KiB.
    private const long MaxBodyBytes = 4 << 20;

    private readonly WebApplication _app;

    private ServerApp(WebApplication app, DemoFile? demo)
    {
        _app = app;
        Demo = demo;
    }

    /// <summary>What the demo made; null without it.</summary>
    public DemoFile? Demo { get; }

    /// <summary>The addresses it listens on.</summary>
    public IReadOnlyCollection<string> Addresses => [.. _app.Urls];

    /// <summary>Starts with these settings, changed by <paramref name="overrides"/>. Everything is ready when it returns.</summary>
    /// <exception cref="StartupException">It can't start; the message says what to do, one error a line.</exception>
    public static async Task<ServerApp> StartAsync(ServerConfiguration configuration, Action<ServerOptions>? overrides = null, Action<WebApplicationBuilder>? adjust = null, CancellationToken cancellationToken = default)
    {
        var app = Build(configuration, overrides, adjust);
        try
        {
            Map(app);
            var demo = await app.Services.GetRequiredService<Bootstrap>().RunAsync(cancellationToken);
            await app.StartAsync(cancellationToken);
            Announce(app);
            return new ServerApp(app, demo);
        }
        catch (Exception error)
        {
            await app.DisposeAsync();
            if (error is StoreException or UnauthorizedAccessException or IOException { InnerException: not AddressInUseException }) throw new StartupException(error.Message);
            throw;
        }
    }

    /// <summary>Makes new admin credentials in a data folder and a database that no server uses; gives the path of the file.</summary>
    public static async Task<string> RecoverAdminAsync(string data, string? postgres, CancellationToken cancellationToken)
    {
        if (postgres is null && !File.Exists(Path.Combine(data, "touchstone.db"))) throw SqliteFile.None(data);
        await using var app = Build(ServerConfiguration.Read(null), options => (options.Data, options.Postgres.Connection) = (data, postgres), builder => builder.Logging.ClearProviders());
        try
        {
            var bootstrap = app.Services.GetRequiredService<Bootstrap>();
            await bootstrap.RecoverAsync(cancellationToken);
            return bootstrap.AdminFile;
        }
        catch (Exception error) when (error is StoreException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException(error.Message);
        }
    }

    /// <summary>Waits until it is told to stop (SIGTERM, Ctrl-C), finishes the requests under way, and stops.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => _app.WaitForShutdownAsync(cancellationToken);

    /// <summary>Finishes the requests under way and stops. Stopped first, so that no request meets parts that are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static WebApplication Build(ServerConfiguration configuration, Action<ServerOptions>? overrides, Action<WebApplicationBuilder>? adjust)
    {
        var options = configuration.Options;
        overrides?.Invoke(options);
        var errors = configuration.Errors;
        if (errors.Count > 0) throw new StartupException(string.Join('\n', errors), isUsage: true);

        var builder = WebApplication.CreateSlimBuilder();
        Configure(builder, configuration.Root);
        builder.WebHost.UseUrls(options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.RequestHeadersTimeout = options.Limits.HeadersTimeout;
            kestrel.Limits.KeepAliveTimeout = options.Limits.KeepAliveTimeout;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.Limits.MaxHeaderBytes;
            kestrel.Limits.MaxConcurrentConnections = options.Limits.MaxConnections == 0 ? null : options.Limits.MaxConnections;
            kestrel.ApplicationServices.GetRequiredService<ServerCertificates>().Attach(kestrel, https => CallerServices.AskForCertificate(https, options.ClientCertificates));
        });
        // Requests under way have this long to end, as long as a body may take to come.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        AddTouchstone(builder.Services, options);
        adjust?.Invoke(builder);
        OtlpExport.Add(builder, options.Otlp.ToTarget(), new OtlpSource("touchstone", [ServerMetrics.MeterName], [ServerMetrics.ActivitySourceName]) { Region = options.Region }, builder.Configuration);

        return builder.Build();
    }

    // Makes every part, and with them takes the data folder: the first thing that can fail.
    private static void Map(WebApplication app)
    {
        var options = app.Services.GetRequiredService<ServerOptions>();
        app.UsePathBase(new PathString(new Uri(options.EffectiveIssuer).AbsolutePath.TrimEnd('/')));
        app.UseSecurityHeaders(options.StrictTransportSecurity);
        app.UseForwardedAddress(options.Limits);
        app.UseRouting();
#pragma warning disable ASP0014 // Spelled out, because what no route takes comes after the routes.
        app.UseEndpoints(routes => routes.MapTouchstone());
#pragma warning restore ASP0014
        app.Run(Endpoints.NotFoundAsync);
    }

    private static void Configure(WebApplicationBuilder builder, IConfiguration configuration)
    {
        // The host's own sources (appsettings.json of the folder one happens to stand in) are no settings of ours.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection([new("Logging:LogLevel:Default", "Information"), new("Logging:LogLevel:Microsoft", "Warning")]);
        builder.Configuration.AddConfiguration(configuration);
        builder.Logging.AddConsoleLog();
        // Standard output belongs to what a command prints.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        // What keeps it from starting is told in one line by whoever started it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // With its log on, the host makes an activity and a log scope for every request: 1 µs of the 14 that a request takes.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
    }

    private static void AddTouchstone(IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options.TokenFormat);
        services.AddMetrics();

        services.AddSingleton(_ => DataFolder.Open(options.Data));
        services.AddAudit(options);
        if (options.Postgres.Connection is null)
        {
            AddStore<SqliteTokenStore>(services);
            services.AddSingleton<Freshness, SoleProcess>();
            services.AddSingleton<FollowerExchange, NoOtherNodes>();
        }
        else
        {
            AddStore<PostgresTokenStore>(services);
            services.AddSingleton<Freshness>(parts => parts.GetRequiredService<PostgresTokenStore>().Node);
            services.AddSingleton<FollowerExchange>(parts => parts.GetRequiredService<PostgresTokenStore>().Followers);
            services.AddHostedService<PostgresFollowing>();
        }
        services.AddSingleton(options.Cleanup);
        services.AddSingleton<Cleaner>();
        services.AddHostedService(parts => parts.GetRequiredService<Cleaner>());
        services.AddSingleton(_ => new RecordCache(options.RecordCacheBytes));
        services.AddSingleton<TokenLookup>();
        services.AddSingleton<RevocationLog>();
        services.AddSingleton<ServerMemory>();
        services.AddSingleton<ClientDirectory>();

        services.AddFeed();
        services.AddCallers();
        services.AddLimits();

        services.AddSingleton<IntrospectionSteps>();
        services.AddSingleton<SignedAnswers>();
        services.AddSingleton<IntrospectionEndpoint>();
        services.AddSingleton<BatchEndpoint>();
        services.AddSingleton<RevocationEndpoint>();
        services.AddSingleton<GlobalRevocationEndpoint>();
        services.AddSingleton<KeySeals>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<KeyKeeper>();
        services.AddHostedService(parts => parts.GetRequiredService<KeyKeeper>());
        services.AddSingleton<JwksDocument>();
        services.AddGrants();
        services.AddSingleton<MetadataDocument>();
        services.AddSingleton<OpenApiDocument>();
        services.AddSingleton<Health>();
        services.AddSingleton<FormEndpoint>();

        services.AddSingleton<AdminGate>();
        services.AddSingleton<ClientChanges>();
        services.AddSingleton<ClientsAdmin>();
        services.AddSingleton<ClientCredentialsAdmin>();
        services.AddSingleton<ClientSettingsAdmin>();
        services.AddSingleton<TokensAdmin>();
        services.AddSingleton<TokenRegistration>();
        services.AddSingleton<Ancestry>();
        services.AddSingleton<RevocationsAdmin>();
        services.AddSingleton<SubjectsAdmin>();
        services.AddSingleton<KeysAdmin>();

        services.AddSingleton<ServerCertificates>();
        services.AddHostedService(parts => parts.GetRequiredService<ServerCertificates>());

        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<FaultLog>();
        services.AddSingleton(static _ => new MetricsEndpoint("touchstone", ServerMetrics.Wide, ServerMetrics.MeterName));
        services.AddSingleton<DemoData>();
        services.AddSingleton<Bootstrap>();
    }

    private static void AddStore<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(IServiceCollection services)
        where T : class, ITokenStore, ISubjectStore, ICallerStore, ICleanedStore, IKeyStore
    {
        services.AddSingleton<T>();
        services.AddSingleton<ITokenStore>(parts => parts.GetRequiredService<T>());
        services.AddSingleton<ISubjectStore>(parts => parts.GetRequiredService<T>());
        services.AddSingleton<ICallerStore>(parts => parts.GetRequiredService<T>());
        services.AddSingleton<ICleanedStore>(parts => parts.GetRequiredService<T>());
        services.AddSingleton<IKeyStore>(parts => parts.GetRequiredService<T>());
    }

    private static void Announce(WebApplication app)
    {
        var options = app.Services.GetRequiredService<ServerOptions>();
        var logger = app.Services.GetRequiredService<ILogger<ServerApp>>();
        var addresses = string.Join(", ", app.Urls);
        app.Services.GetRequiredService<ServerMetrics>().Watch(app.Services.GetRequiredService<RecordCache>());
        app.Services.GetRequiredService<ServerMetrics>().Watch(app.Services.GetRequiredService<Freshness>());
        app.Services.GetRequiredService<ServerMetrics>().Watch(app.Services.GetRequiredService<AuditCounts>());
        app.Services.GetRequiredService<ServerMetrics>().Watch(app.Services.GetRequiredService<ServerCertificates>());
        app.Services.GetRequiredService<ServerMetrics>().Watch(app.Services.GetRequiredService<AddressLimits>());
        app.Services.GetRequiredService<ServerMetrics>().Watch(app.Services.GetRequiredService<FeedWaiters>(), app.Services.GetRequiredService<Followers>(), app.Services.GetRequiredService<FollowersAdmin>());
        logger.Serving(options.EffectiveIssuer, addresses, Path.GetFullPath(options.Data), app.Services.GetRequiredService<RevocationLog>().Seq);
        if (app.Urls.Any(url => url.StartsWith("http:", StringComparison.Ordinal) && Uri.TryCreate(url, UriKind.Absolute, out var uri) && !ServerOptionsRules.IsLoopback(uri))) logger.InsecureHttp(addresses);
    }
}

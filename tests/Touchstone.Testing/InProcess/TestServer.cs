using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Server;
using Touchstone.Server.Settings;

namespace Touchstone.Testing.InProcess;

/// <summary>A real server in this process: Kestrel on a free loopback port, SQLite in a folder of its own, and a clock that moves by hand.</summary>
public sealed class TestServer : IAsyncDisposable
{
    public const string DefaultIssuer = "https://as.acme.test";

    private readonly TempFolder? _folder;
    private readonly ServerApp _app;
    private TestClient? _admin;

    private TestServer(ServerApp app, Parts parts, TempFolder? folder, string data, ManualTime time)
    {
        _app = app;
        _folder = folder;
        Services = parts.Services!;
        Logs = parts.Logs;
        Data = data;
        Time = time;
        Address = new Uri(app.Addresses.First());
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address };
        OAuth = new OAuthCalls(Http);
        Admin = new AdminCalls(this);
    }

    public ServerApp App => _app;

    /// <summary>The server's own parts.</summary>
    public IServiceProvider Services { get; }

    public CapturedLogs Logs { get; }

    public ManualTime Time { get; }

    /// <summary>The data folder.</summary>
    public string Data { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>Calls to the endpoints for everybody.</summary>
    public OAuthCalls OAuth { get; }

    /// <summary>Calls to the admin API, with a token of the admin client.</summary>
    public AdminCalls Admin { get; }

    /// <summary>The credentials that the first start wrote to admin.json.</summary>
    public TestClient AdminClient => _admin ??= ReadAdmin(Data);

    /// <summary>Starts a server. Without a folder it gets a new one, which goes when the server goes.</summary>
    /// <param name="options">Changes settings; they begin with port 0, <see cref="DefaultIssuer"/> and the folder.</param>
    /// <param name="adjust">Changes the parts.</param>
    /// <param name="data">The data folder of an earlier server.</param>
    /// <param name="time">The clock of an earlier server.</param>
    /// <param name="configFile">The configuration file.</param>
    public static async Task<TestServer> StartAsync(
        Action<ServerOptions>? options = null, Action<WebApplicationBuilder>? adjust = null, string? data = null, ManualTime? time = null, string? configFile = null)
    {
        var folder = data is null ? new TempFolder() : null;
        data ??= folder!.Path;
        time ??= new ManualTime();
        var parts = new Parts();
        var postgres = await TestStore.ConnectionAsync(data);
        try
        {
            var app = await ServerApp.StartAsync(
                ServerConfiguration.Read(configFile),
                settings =>
                {
                    settings.Data = data;
                    settings.Urls = "http://127.0.0.1:0";
                    settings.Issuer = DefaultIssuer;
                    (settings.Postgres.Connection, settings.Postgres.CommandTimeout) = (postgres, TestStore.Patience);
                    options?.Invoke(settings);
                },
                builder =>
                {
                    builder.Services.AddSingleton<TimeProvider>(time);
                    builder.Logging.ClearProviders().AddProvider(parts.Logs).SetMinimumLevel(LogLevel.Trace);
                    KeepOnlyWhatIsTurnedOff(builder.Services);
                    builder.Services.AddHostedService(services => parts.With(services));
                    adjust?.Invoke(builder);
                });
            return new TestServer(app, parts, folder, data, time);
        }
        catch
        {
            folder?.Dispose();
            throw;
        }
    }

    /// <summary>Reads admin.json of a data folder.</summary>
    public static TestClient ReadAdmin(string data)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(data, "admin.json")));
        return new TestClient(json.RootElement.GetProperty("client_id").GetString()!, json.RootElement.GetProperty("client_secret").GetString()!);
    }

    /// <summary>Sends bytes that no HTTP client would send.</summary>
    public Task<Answer> SendRawAsync(string request) => RawHttp.SendAsync(Address, request);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        _folder?.Dispose();
    }

    // Everything is captured but what the server turns off itself: that must stay off at every level.
    private static void KeepOnlyWhatIsTurnedOff(IServiceCollection services) => services.PostConfigure<LoggerFilterOptions>(filter =>
    {
        foreach (var rule in filter.Rules.Where(rule => rule.LogLevel is not LogLevel.None).ToArray()) filter.Rules.Remove(rule);
    });

    // The one way to the parts of a server that starts itself: a service that is started with it.
    private sealed class Parts : IHostedService
    {
        internal IServiceProvider? Services { get; private set; }

        internal CapturedLogs Logs { get; } = new();

        internal Parts With(IServiceProvider services)
        {
            Services = services;
            return this;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

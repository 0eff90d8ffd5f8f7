using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Telemetry;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>A database with stores that have the parts that they have in a server: each its own data folder, as nodes have.</summary>
internal sealed class PostgresStores : IAsyncDisposable
{
    private readonly List<IDisposable> _parts = [];
    private readonly TempFolder _folder = new();

    private PostgresStores(PostgresServer server, string connection)
    {
        Server = server;
        Connection = connection;
    }

    internal PostgresServer Server { get; }

    internal string Connection { get; }

    /// <summary>A new database on the server of this run, or on another.</summary>
    internal static async Task<PostgresStores> CreateAsync(PostgresServer? server = null)
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        server ??= await PostgresServer.SharedAsync();
        return new PostgresStores(server, await server.CreateDatabaseAsync());
    }

    /// <summary>A node: not loaded yet. The same name is the same node again.</summary>
    internal PostgresTokenStore Open(string node = "node", Action<PostgresOptions>? adjust = null, TimeProvider? time = null)
    {
        var options = new ServerOptions { Data = FolderOf(node) };
        (options.Postgres.Connection, options.Postgres.CommandTimeout) = (Connection, TestStore.Patience);
        options.Postgres.NodeName = node;
        adjust?.Invoke(options.Postgres);
        Directory.CreateDirectory(options.Data);
        var parts = new ServiceCollection()
            .AddMetrics().AddLogging().AddSingleton<ServerMetrics>().AddSingleton(options).AddSingleton(options.Audit).AddSingleton<AuditCounts>().AddSingleton<AuditRecorder>()
            .AddSingleton(AuditKey.Open(options.Data)).AddSingleton(time ?? TimeProvider.System).BuildServiceProvider();
        _parts.Add(parts);
        return ActivatorUtilities.CreateInstance<PostgresTokenStore>(parts);
    }

    internal string FolderOf(string node) => _folder.File(node);

    internal Task ExecuteAsync(string text) => Server.ExecuteAsync(text, Connection);

    internal Task<object?> ScalarAsync(string text) => PostgresServer.ScalarAsync(Connection, text);

    public ValueTask DisposeAsync()
    {
        foreach (var parts in _parts) parts.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

using System.Globalization;
using Touchstone.Testing.InProcess;

namespace Touchstone.Testing.Processes;

/// <summary>Real nodes on one real PostgreSQL, each with a data folder of its own.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly List<ServerProcess> _nodes = [];

    private TestCluster(PostgresServer postgres) => Postgres = postgres;

    /// <summary>The database server, of this cluster alone.</summary>
    public PostgresServer Postgres { get; }

    /// <summary>How its database is reached, past all proxies.</summary>
    public string Connection { get; private set; } = "";

    /// <summary>The nodes. The first one has written the administrator's credentials and, where asked for, the demo data.</summary>
    public IReadOnlyList<ServerProcess> Nodes => _nodes;

    /// <summary>Starts a database and nodes, and waits until all are ready.</summary>
    public static async Task<TestCluster> StartAsync(int nodes, ServerSetup? setup = null)
    {
        var cluster = new TestCluster(await PostgresServer.StartAsync());
        try
        {
            cluster.Connection = await cluster.Postgres.CreateDatabaseAsync();
            for (var i = 0; i < nodes; i++) await cluster.AddAsync(setup ?? ServerSetup.Usual);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more node, and waits until it is ready.</summary>
    /// <param name="setup">How it is started.</param>
    /// <param name="through">What lies between it and the database; nothing by default.</param>
    public async Task<ServerProcess> AddAsync(ServerSetup setup, TcpProxy? through = null)
    {
        var first = _nodes.FirstOrDefault();
        var environment = new Dictionary<string, string?>(setup.Environment) { [TestStore.Setting] = through is null ? Connection : Connection.Replace(Port(Postgres.Port), Port(through.Port), StringComparison.Ordinal) };
        // Whoever is asked, the tokens are of one issuer: the first node's address, which its first start keeps in the database.
        if (first is not null) environment["Touchstone__Issuer"] = first.Address.GetLeftPart(UriPartial.Authority);
        var node = await ServerProcess.StartAsync(setup with { Environment = environment, Administrator = first?.AdminClient });
        _nodes.Add(node);
        return node;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        await Postgres.DisposeAsync();
    }

    private static string Port(int number) => string.Create(CultureInfo.InvariantCulture, $"Port={number};");
}

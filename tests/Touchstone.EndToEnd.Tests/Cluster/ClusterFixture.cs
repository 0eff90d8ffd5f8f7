namespace Touchstone.EndToEnd.Tests.Cluster;

/// <summary>Three nodes, the third behind a proxy on its way to the database, and who asks them. Each test leaves all of them up and ready.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private const string Audience = "https://api.cluster.example";
    private const int AtOnce = 1000;

    private TestCluster? _cluster;

    internal PostgresServer Postgres => _cluster!.Postgres;

    internal string Connection => _cluster!.Connection;

    internal IReadOnlyList<ServerProcess> Nodes => _cluster!.Nodes;

    /// <summary>What lies between the third node and the database.</summary>
    internal TcpProxy Proxy { get; private set; } = null!;

    /// <summary>Who introspects.</summary>
    internal TestClient Caller { get; private set; } = null!;

    /// <summary>Whose tokens they are.</summary>
    internal TestClient Owner { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.Missing is not null) return;
        var setup = new ServerSetup { Environment = ServerSetup.NoLimits };
        _cluster = await TestCluster.StartAsync(2, setup);
        Proxy = TcpProxy.Start(Postgres.Port);
        await _cluster.AddAsync(setup, Proxy);
        Caller = await Nodes[0].Admin.AddResourceServerAsync("cluster-api", Audience);
        Owner = await Nodes[0].Admin.AddClientAsync("cluster-app", Audience);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
        if (Proxy is not null) await Proxy.DisposeAsync();
    }

    /// <summary>New tokens, which no node has in memory.</summary>
    internal async Task<WatchedToken[]> IssueAsync(int count)
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var tokens = new List<WatchedToken>();
        while (tokens.Count < count)
        {
            var issued = await Nodes[0].Admin.PostAsync("/admin/tokens", Enumerable.Range(0, Math.Min(AtOnce, count - tokens.Count)).Select(_ => new { client_id = Owner.Id, aud = Audience }));
            tokens.AddRange(issued.Json.EnumerateArray().Select(token => new WatchedToken(token.GetProperty("token").GetString()!)));
        }
        return [.. tokens];
    }

    /// <summary>Done when every node answers from memory again.</summary>
    internal Task AllReadyAsync() => Task.WhenAll(Nodes.Select(node => node.ReadyAsync()));
}

using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>Two servers on one database, each with a data folder of its own, under one clock.</summary>
public sealed class TwoNodes : IAsyncLifetime
{
    internal TestServer A { get; private set; } = null!;

    internal TestServer B { get; private set; } = null!;

    /// <summary>The database, for whoever looks into it or changes it by hand.</summary>
    internal string Connection { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        Connection = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        A = await StartAsync("a");
        B = await StartAsync("b", A.Time);
        // The administrator is the installation's; its credentials stand where it was first started.
        File.Copy(Path.Combine(A.Data, "admin.json"), Path.Combine(B.Data, "admin.json"));
    }

    public async ValueTask DisposeAsync()
    {
        if (B is not null) await B.DisposeAsync();
        if (A is not null) await A.DisposeAsync();
    }

    /// <summary>One or the other, by turns.</summary>
    internal TestServer Any(int turn) => turn % 2 == 0 ? A : B;

    /// <summary>How often the database had to break off a transaction that waited in a circle with another.</summary>
    internal async Task<long> DeadlocksAsync() => (long)(await PostgresServer.ScalarAsync(Connection, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))!;

    private Task<TestServer> StartAsync(string name, ManualTime? time = null) => TestServer.StartAsync(
        options =>
        {
            options.Unlimit();
            (options.Postgres.Connection, options.Postgres.NodeName) = (Connection, name);
        },
        time: time);
}

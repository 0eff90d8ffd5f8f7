using Touchstone.Server.Settings;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The PostgreSQL database in place of a file. Under <c>Touchstone:Postgres</c>.</summary>
public sealed class PostgresOptions
{
    /// <summary>How the database is reached: <c>Host=db.example.com;Database=touchstone;Username=touchstone;Password=…;SSL Mode=VerifyFull</c>, or a <c>postgresql://</c> URL. A secret. Default none: SQLite in <c>Data</c>.</summary>
    [Setting(Flag = "--postgres", IsSecret = true, Range = "keywords and values, or a postgresql:// URL", Default = "none: SQLite in `Data`")]
    public string? Connection { get; set; }

    /// <summary>How long the database may take for one look-up, one commit or one connection, 100 ms to 1 min; then the request is answered 503. Default 2 s.</summary>
    [Setting(Min = "100 ms", Max = "1 minute")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The most connections that look tokens up, 1 to 500. Three more write, read the log and listen. Default 16.</summary>
    [Setting(Min = "1", Max = "500")]
    public int ReadConnections { get; set; } = 16;

    /// <summary>Whether several nodes may use the database at once, without leases to keep them together: for tests only.</summary>
    internal bool IsShared { get; set; }

    internal IEnumerable<string> Errors()
    {
        if (Connection is not null && PostgresAddress.Error(Connection) is { } error) yield return $"Postgres:Connection: {error}";
    }
}

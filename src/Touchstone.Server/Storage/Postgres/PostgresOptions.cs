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

    /// <summary>The most connections that look tokens up, 1 to 500. Six more write, read the log, listen, send heartbeats, look at the other nodes and tell them of followers. Default 16.</summary>
    [Setting(Min = "1", Max = "500")]
    public int ReadConnections { get; set; } = 16;

    /// <summary>What people call this node, 1 to 100 printable ASCII characters. Default: the machine's name.</summary>
    [Setting(Range = "1 to 100 printable ASCII characters", Default = "the machine's name")]
    public string? NodeName { get; set; }

    /// <summary>Whether every decision waits for a read of the log that began after the request: needs no clock, and costs a round trip to the database each time. Default false.</summary>
    public bool Strict { get; set; }

    internal IEnumerable<string> Errors()
    {
        if (NodeName is { } name && (name.Length is 0 or > 100 || name.Any(c => c is < ' ' or > '~'))) yield return "Postgres:NodeName must be 1 to 100 printable ASCII characters.";
        if (Connection is not null && PostgresAddress.Error(Connection) is { } error) yield return $"Postgres:Connection: {error}";
    }
}

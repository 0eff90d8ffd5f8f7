using System.Collections.Concurrent;
using Touchstone.Testing.Processes;

namespace Touchstone.Testing.InProcess;

/// <summary>The store that servers of tests use: SQLite, or with <c>TOUCHSTONE_TEST_STORE=postgres</c> a database of PostgreSQL for each data folder.</summary>
public static class TestStore
{
    /// <summary>The variable that tells a server process of its database.</summary>
    public const string Setting = "Touchstone__Postgres__Connection";

    /// <summary>The variable that tells it of <see cref="Patience"/>.</summary>
    public const string PatienceSetting = "Touchstone__Postgres__CommandTimeout";

    /// <summary>How long the database may take in tests that are not about that: beside many others, on a slow machine, it needs more than the 2 s of the default at times.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Databases = new();

    /// <summary>Whether servers of tests use PostgreSQL.</summary>
    public static bool IsPostgres { get; } = Environment.GetEnvironmentVariable("TOUCHSTONE_TEST_STORE") == "postgres";

    /// <summary>How the database of a data folder is reached; null with SQLite.</summary>
    public static async Task<string?> ConnectionAsync(string data) => IsPostgres
        ? await Databases.GetOrAdd(Path.GetFullPath(data), _ => new Lazy<Task<string>>(async () => await (await PostgresServer.SharedAsync()).CreateDatabaseAsync())).Value
        : null;

    /// <summary>The same, of a folder that a server was started on; null where none was.</summary>
    public static string? Connection(string data) => Databases.TryGetValue(Path.GetFullPath(data), out var database) ? database.Value.GetAwaiter().GetResult() : null;
}

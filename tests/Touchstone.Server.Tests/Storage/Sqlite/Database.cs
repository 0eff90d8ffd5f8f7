using Microsoft.Data.Sqlite;
using Npgsql;

namespace Touchstone.Server.Tests.Storage.Sqlite;

/// <summary>The database of a data folder, as somebody else's hands reach it while a server has it.</summary>
internal sealed class Database(string folder)
{
    private readonly string? _postgres = TestStore.Connection(folder);

    internal string Path { get; } = System.IO.Path.Combine(folder, "touchstone.db");

    /// <summary>The file; a test that needs it has nothing to test where servers have none.</summary>
    internal SqliteConnection Connect()
    {
        Assert.SkipWhen(_postgres is not null, "it is about SQLite's file");
        var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        return connection;
    }

    internal void Execute(string sql)
    {
        if (_postgres is not null)
        {
            using var opened = Open(_postgres);
            using var command = new NpgsqlCommand(sql, opened);
            command.ExecuteNonQuery();
            return;
        }
        using var connection = Connect();
        Execute(connection, sql);
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>From now on nothing can be put into a table, until <see cref="AcceptInserts"/>.</summary>
    internal void RefuseInserts(string table, string how = "ABORT") => Execute(_postgres is null
        ? $"CREATE TRIGGER fault BEFORE INSERT ON {table} BEGIN SELECT RAISE({how}, 'fault'); END"
        : $"CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''fault''; END'; CREATE TRIGGER fault BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION fault()");

    internal void AcceptInserts(string table) => Execute(_postgres is null ? "DROP TRIGGER fault" : $"DROP TRIGGER fault ON {table}");

    internal object? Scalar(string sql)
    {
        if (_postgres is not null)
        {
            using var opened = Open(_postgres);
            using var asked = new NpgsqlCommand(sql, opened);
            return asked.ExecuteScalar();
        }
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static NpgsqlConnection Open(string postgres)
    {
        var connection = new NpgsqlConnection(postgres + ";Pooling=false");
        connection.Open();
        return connection;
    }

    /// <summary>Keeps every other writer out until it is disposed.</summary>
    internal SqliteConnection HoldWriteLock()
    {
        var connection = Connect();
        Execute(connection, "BEGIN IMMEDIATE");
        return connection;
    }

    /// <summary>Everything of the folder as it lies on the disk now: what a crash would leave.</summary>
    internal static TempFolder Copy(string folder)
    {
        Assert.SkipWhen(TestStore.Connection(folder) is not null, "it is about SQLite's file");
        var copy = new TempFolder();
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))) File.Copy(file, copy.File(System.IO.Path.GetFileName(file)));
        return copy;
    }
}

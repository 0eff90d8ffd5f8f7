using Microsoft.Data.Sqlite;

namespace Touchstone.Server.Tests.Storage.Sqlite;

/// <summary>The database of a data folder, as somebody else's hands reach it while a server has it.</summary>
internal sealed class Database(string folder)
{
    internal string Path { get; } = System.IO.Path.Combine(folder, "touchstone.db");

    internal SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        return connection;
    }

    internal void Execute(string sql)
    {
        using var connection = Connect();
        Execute(connection, sql);
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal object? Scalar(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
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
        var copy = new TempFolder();
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))) File.Copy(file, copy.File(System.IO.Path.GetFileName(file)));
        return copy;
    }
}

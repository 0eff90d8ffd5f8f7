using System.Buffers;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Touchstone.Server.Storage.Sqlite;

namespace Touchstone.Server.Audit;

/// <summary>The audit of a data folder as it lies there: read-only, beside a running server or without one.</summary>
internal sealed class AuditStore : IDisposable
{
    private readonly SqliteConnection _connection;

    private AuditStore(string data, SqliteConnection connection)
    {
        Data = data;
        _connection = connection;
    }

    internal string Data { get; }

    /// <summary>Opens a data folder.</summary>
    /// <exception cref="Startup.StartupException">There is none, or it can't be read.</exception>
    internal static AuditStore Open(string data)
    {
        var connection = SqliteFile.OpenToRead(data);
        if (Sql.Scalar(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'audit'") > 0) return new AuditStore(data, connection);
        connection.Dispose();
        throw new Startup.StartupException($"The database in {data} was written by a version without an audit.");
    }

    /// <summary>The chains of the database.</summary>
    internal IReadOnlyList<string> Chains() => Sql.Read(_connection, "SELECT DISTINCT chain FROM audit", row => row.GetString(0));

    /// <summary>The records of a chain of the database above a number, as they are at one moment.</summary>
    internal IEnumerable<(long N, byte[] Record)> Changes(string chain, long after = 0)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT n, record FROM audit WHERE chain = $chain AND n > $after ORDER BY n";
        command.Parameters.AddWithValue("$chain", chain);
        command.Parameters.AddWithValue("$after", after);
        using var reader = command.ExecuteReader();
        while (reader.Read()) yield return (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1));
    }

    /// <summary>One record, or null.</summary>
    internal byte[]? Change(string chain, long n) =>
        Sql.Read(_connection, "SELECT record FROM audit WHERE chain = $chain AND n = $n", row => row.GetFieldValue<byte[]>(0), ("$chain", chain), ("$n", n)).FirstOrDefault();

    /// <summary>The newest records of a chain of the database, newest first.</summary>
    internal IReadOnlyList<byte[]> NewestChanges(string chain, int count) =>
        Sql.Read(_connection, string.Create(CultureInfo.InvariantCulture, $"SELECT record FROM audit WHERE chain = $chain ORDER BY n DESC LIMIT {count}"), row => row.GetFieldValue<byte[]>(0), ("$chain", chain));

    /// <summary>The newest checkpoint of a chain of the database, or null.</summary>
    internal byte[]? NewestCheckpoint(string chain)
    {
        var n = Sql.Read(_connection, "SELECT max(n) FROM audit WHERE chain = $chain", row => row.GetInt64(0), ("$chain", chain))[0];
        for (; n > 0 && Change(chain, n) is { } record; n--)
        {
            if (AuditLine.TryParse(record)?.Kind == AuditKind.Checkpoint) return record;
        }
        return null;
    }

    /// <summary>The files of introspections, oldest first within each chain.</summary>
    internal IReadOnlyList<AuditSegment> Segments() => AuditSegments.List(Data);

    /// <summary>The lines of a file from a place on, each with the place behind it. A last line without an end is given with the place -1.</summary>
    internal static IEnumerable<(byte[] Line, long End)> Lines(string path, long from = 0)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        file.Position = from;
        var place = from;
        var line = new ArrayBufferWriter<byte>(4096);
        var buffer = new byte[1 << 16];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            for (var start = 0; start < read;)
            {
                var end = buffer.AsSpan(start, read - start).IndexOf((byte)'\n');
                line.Write(buffer.AsSpan(start, end < 0 ? read - start : end));
                if (end < 0) break;
                place += line.WrittenCount + 1;
                yield return (line.WrittenSpan.ToArray(), place);
                line.ResetWrittenCount();
                start += end + 1;
            }
        }
        if (line.WrittenCount > 0) yield return (line.WrittenSpan.ToArray(), -1);
    }

    public void Dispose() => _connection.Dispose();
}

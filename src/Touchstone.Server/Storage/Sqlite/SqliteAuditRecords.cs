using Microsoft.Data.Sqlite;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The records of changes in the file of a data folder, beside a running server or without one.</summary>
internal sealed class SqliteAuditRecords : IAuditRecords
{
    private readonly SqliteConnection _connection;

    private SqliteAuditRecords(SqliteConnection connection) => _connection = connection;

    internal static SqliteAuditRecords Open(string data)
    {
        var connection = SqliteFile.OpenToRead(data);
        if (Sql.Scalar(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'audit'") > 0) return new SqliteAuditRecords(connection);
        connection.Dispose();
        throw new Startup.StartupException($"The database in {data} was written by a version without an audit.");
    }

    public IReadOnlyList<string> Chains() => Sql.Read(_connection, "SELECT DISTINCT chain FROM audit", row => row.GetString(0));

    public IEnumerable<(long N, byte[] Record)> After(string chain, long n)
    {
        using var command = Sql.Command(_connection, "SELECT n, record FROM audit WHERE chain = $chain AND n > $after ORDER BY n", ("$chain", chain), ("$after", n));
        using var reader = command.ExecuteReader();
        while (reader.Read()) yield return (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1));
    }

    public IReadOnlyDictionary<long, AuditHash> Hashes(string chain, IReadOnlyList<long> numbers)
    {
        var found = new Dictionary<long, AuditHash>();
        foreach (var n in numbers)
        {
            if (Find(chain, n) is { } record) found[n] = AuditHash.Of(record);
        }
        return found;
    }

    // All keys of a folder stand in it.
    public IReadOnlyList<string> Keys() => [];

    public byte[]? Find(string chain, long n) =>
        Sql.Read(_connection, "SELECT record FROM audit WHERE chain = $chain AND n = $n", row => row.GetFieldValue<byte[]>(0), ("$chain", chain), ("$n", n)).FirstOrDefault();

    public IReadOnlyList<(long N, byte[] Record)> Newest(string chain, int count) => Sql.Read(
        _connection, "SELECT n, record FROM audit WHERE chain = $chain ORDER BY n DESC LIMIT $count", row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)), ("$chain", chain), ("$count", count));

    public void Dispose() => _connection.Dispose();
}

using Npgsql;
using Touchstone.Server.Audit;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The records of changes in PostgreSQL: those of all nodes. For commands, which may wait.</summary>
internal sealed class PostgresAuditRecords : IAuditRecords
{
    // A whole chain may be read in one statement.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly PostgresDatabase _database;
    private readonly NpgsqlConnection _connection;

    private PostgresAuditRecords(PostgresDatabase database, NpgsqlConnection connection)
    {
        _database = database;
        _connection = connection;
    }

    /// <exception cref="StartupException">It can't be read.</exception>
    internal static PostgresAuditRecords Open(string address)
    {
        PostgresDatabase? database = null;
        try
        {
            database = PostgresDatabase.Open(new PostgresOptions { Connection = address, CommandTimeout = Patience });
            return new PostgresAuditRecords(database, database.ConnectAsync().GetAwaiter().GetResult());
        }
        catch (Exception failed) when (failed is StoreException || PostgresFault.Is(failed))
        {
            database?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw new StartupException(failed is StoreException ? failed.Message : PostgresFault.Unreadable(failed).Message);
        }
    }

    public IReadOnlyList<string> Chains() => [.. Read("SELECT DISTINCT chain FROM audit", row => row.GetString(0))];

    public IEnumerable<(long N, byte[] Record)> After(string chain, long n) =>
        Read("SELECT n, record FROM audit WHERE chain = $1 AND n > $2 ORDER BY n", ReadRecord, PostgresValue.Text(chain), PostgresValue.Long(n));

    public byte[]? Find(string chain, long n) =>
        Read("SELECT record FROM audit WHERE chain = $1 AND n = $2", row => row.GetFieldValue<byte[]>(0), PostgresValue.Text(chain), PostgresValue.Long(n)).FirstOrDefault();

    public IReadOnlyList<(long N, byte[] Record)> Newest(string chain, int count) =>
        [.. Read("SELECT n, record FROM audit WHERE chain = $1 ORDER BY n DESC LIMIT $2", ReadRecord, PostgresValue.Text(chain), PostgresValue.Long(count))];

    public void Dispose()
    {
        _connection.Dispose();
        _database.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static (long, byte[]) ReadRecord(NpgsqlDataReader row) => (row.GetInt64(0), row.GetFieldValue<byte[]>(1));

    // All rows before the first is given: whoever walks over one chain may ask for another meanwhile, over the same connection.
    private List<T> Read<T>(string text, Func<NpgsqlDataReader, T> read, params ReadOnlySpan<NpgsqlParameter> values)
    {
        using var command = new NpgsqlCommand(text, _connection);
        foreach (var value in values) command.Parameters.Add(value);
        try
        {
            using var row = command.ExecuteReader();
            var rows = new List<T>();
            while (row.Read()) rows.Add(read(row));
            return rows;
        }
        catch (Exception failed) when (PostgresFault.Is(failed))
        {
            throw new StartupException(PostgresFault.Unreadable(failed).Message);
        }
    }
}

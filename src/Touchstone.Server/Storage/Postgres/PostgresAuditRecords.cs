using Npgsql;
using Touchstone.Server.Audit;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The records of changes in PostgreSQL: those of all nodes. For commands, which may wait.</summary>
internal sealed class PostgresAuditRecords : IAuditRecords
{
    // A whole chain may be read in one statement.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>The newest records of all chains but one, with their hashes: from chain to chain by the index, since there may be millions of records and are few chains.</summary>
    internal const string Heads = """
        WITH RECURSIVE chains AS (
            (SELECT chain FROM audit ORDER BY chain LIMIT 1)
            UNION ALL SELECT (SELECT a.chain FROM audit AS a WHERE a.chain > chains.chain ORDER BY a.chain LIMIT 1) FROM chains WHERE chains.chain IS NOT NULL)
        SELECT newest.chain, newest.n, sha256(newest.record) FROM chains, LATERAL (SELECT a.chain, a.n, a.record FROM audit AS a WHERE a.chain = chains.chain ORDER BY a.n DESC LIMIT 1) AS newest WHERE newest.chain <> $1
        """;

    // So many records are in memory at once.
    private const int Page = 5000;

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

    public IReadOnlyList<string> Chains() => [.. Read(Heads, row => row.GetString(0), PostgresValue.Text(""))];

    // Page by page: a chain only grows at its end, and where its beginning leaves meanwhile, what is left is as it was.
    public IEnumerable<(long N, byte[] Record)> After(string chain, long n)
    {
        while (true)
        {
            var rows = Read("SELECT n, record FROM audit WHERE chain = $1 AND n > $2 ORDER BY n LIMIT $3", ReadRecord, PostgresValue.Text(chain), PostgresValue.Long(n), PostgresValue.Long(Page));
            foreach (var row in rows) yield return row;
            if (rows.Count < Page) yield break;
            n = rows[^1].Item1;
        }
    }

    public IReadOnlyDictionary<long, AuditHash> Hashes(string chain, IReadOnlyList<long> numbers) => numbers.Chunk(Page)
        .SelectMany(page => Read("SELECT n, sha256(record) FROM audit WHERE chain = $1 AND n = ANY ($2)", ReadHash, PostgresValue.Text(chain), PostgresValue.Longs([.. page.Select(n => (long?)n)])))
        .ToDictionary(row => row.N, row => row.Hash);

    public byte[]? Find(string chain, long n) =>
        Read("SELECT record FROM audit WHERE chain = $1 AND n = $2", row => row.GetFieldValue<byte[]>(0), PostgresValue.Text(chain), PostgresValue.Long(n)).FirstOrDefault();

    public IReadOnlyList<string> Keys() => Read("SELECT value FROM settings WHERE name LIKE $1", row => row.GetString(0), PostgresValue.Text(AuditKey.Setting + "%"));

    public IReadOnlyList<(long N, byte[] Record)> Newest(string chain, int count) =>
        [.. Read("SELECT n, record FROM audit WHERE chain = $1 ORDER BY n DESC LIMIT $2", ReadRecord, PostgresValue.Text(chain), PostgresValue.Long(count))];

    public void Dispose()
    {
        _connection.Dispose();
        _database.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Reads a row of <see cref="Heads"/>.</summary>
    internal static AuditAnchor ReadHead(NpgsqlDataReader row) => new(row.GetString(0), row.GetInt64(1), AuditHash.Read(row.GetFieldValue<byte[]>(2)));

    private static (long N, AuditHash Hash) ReadHash(NpgsqlDataReader row) => (row.GetInt64(0), AuditHash.Read(row.GetFieldValue<byte[]>(1)));

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

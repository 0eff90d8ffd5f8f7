using System.Text.Json;
using Npgsql;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Reads the log after a cursor, over a connection of its own. One reader at a time.</summary>
internal sealed class PostgresLogReader(PostgresDatabase database) : IAsyncDisposable
{
    /// <summary>The most rows of one read. Who is further behind reads again.</summary>
    internal const int MaxRows = 50_000;

    private const int First = 9;

    // Rows, head, the row at the cursor and what the database says of itself in one statement, which is one snapshot.
    private const string Rows = $"""
        SELECT h.epoch, h.seq, h.clients, (SELECT id FROM revocations WHERE seq = h.seq), (SELECT id FROM revocations WHERE seq = $1),
            {PostgresDatabase.Life}, {PostgresRows.Marks}, r.*
        FROM head h LEFT JOIN LATERAL (SELECT {PostgresRows.Columns} FROM revocations WHERE seq > $1 AND seq <= h.seq ORDER BY seq LIMIT $2) AS r ON TRUE
        ORDER BY r.seq
        """;

    // After the rows, so not older than they are: who sees a row must not be left with the registration from before it.
    private const string Registrations = "SELECT registration FROM clients WHERE changed > $1";

    private readonly PostgresLine _line = new(database);

    /// <summary>Reads what came after a cursor, and registrations that changed since they had changed so often.</summary>
    /// <exception cref="StoreException">The database can't be asked, or did not answer in time.</exception>
    internal Task<LogRead> ReadAsync(LogCursor cursor, long clientChanges) =>
        _line.AskAsync(static (connection, after) => ReadAsync(connection, after.cursor, after.clientChanges), (cursor, clientChanges));

    public ValueTask DisposeAsync() => _line.DisposeAsync();

    private static async Task<LogRead> ReadAsync(NpgsqlConnection connection, LogCursor cursor, long clientChanges)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Ask(Rows, PostgresValue.Long(cursor.Seq), PostgresValue.Long(MaxRows));
        batch.Ask(Registrations, PostgresValue.Long(clientChanges));
        await batch.SendAsync();

        LogView? view = null;
        var (changes, marks) = (0L, default(LogMarks));
        var rows = new List<RevocationRow>();
        await batch.TakeAsync(row =>
        {
            if (view is null)
            {
                var head = new LogCursor(row.GetGuid(0), row.GetInt64(1), row.IsDBNull(3) ? Guid.Empty : row.GetGuid(3));
                view = new LogView(head, row.IsDBNull(4) ? null : row.GetGuid(4), row.GetString(5));
                (changes, marks) = (row.GetInt64(2), PostgresRows.ReadMarks(row, 6));
            }
            if (!row.IsDBNull(First)) rows.Add(PostgresRows.Read(row, First));
            return 0;
        });
        var registrations = await batch.TakeAsync(row => JsonSerializer.Deserialize(row.GetString(0), ClientRegistrationJson.Default.ClientRegistration)!);
        await batch.EndAsync();
        if (view is not { } seen) throw new StoreException("The head of the revocation log is missing.");
        var reached = rows.Count == MaxRows ? new LogCursor(seen.Head.Epoch, rows[^1].Seq, rows[^1].Id) : seen.Head;
        return new LogRead(seen, rows, reached, registrations, changes, marks);
    }
}

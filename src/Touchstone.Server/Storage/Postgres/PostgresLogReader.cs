using System.Text.Json;
using Npgsql;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Reads the log after a cursor, over a connection of its own, so that no crowd of look-ups holds it up. One reader at a time.</summary>
internal sealed class PostgresLogReader(PostgresDatabase database) : IAsyncDisposable
{
    /// <summary>The most rows of one read. Who is further behind reads again.</summary>
    internal const int MaxRows = 50_000;

    private const int First = 6;

    // Rows, head, the row at the cursor and what the database says of itself in one statement, which is one snapshot. The timeline changes with a failover, the start with a restart.
    private const string Rows = $"""
        SELECT h.epoch, h.seq, h.clients, (SELECT id FROM revocations WHERE seq = h.seq), (SELECT id FROM revocations WHERE seq = $1),
            (SELECT system_identifier::text FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' || extract(epoch FROM pg_postmaster_start_time())::text, r.*
        FROM head h LEFT JOIN LATERAL (SELECT {PostgresRows.Columns} FROM revocations WHERE seq > $1 AND seq <= h.seq ORDER BY seq LIMIT $2) AS r ON TRUE
        ORDER BY r.seq
        """;

    // After the rows, so not older than they are: who sees a row must not be left with the registration from before it.
    private const string Registrations = "SELECT registration FROM clients WHERE changed > $1";

    private NpgsqlConnection? _connection;

    /// <summary>Reads what came after a cursor, and registrations that changed since they had changed so often.</summary>
    /// <exception cref="StoreException">The database can't be asked, or did not answer in time.</exception>
    internal async Task<LogRead> ReadAsync(LogCursor cursor, long clientChanges)
    {
        var started = TimeProvider.System.GetTimestamp();
        Task<LogRead>? reading = null;
        try
        {
            _connection ??= await database.ConnectAsync();
            reading = ReadAsync(_connection, cursor, clientChanges);
            return await reading.WithinAsync(database.Timeout - TimeProvider.System.GetElapsedTime(started));
        }
        catch (Exception failed)
        {
            if (_connection is not null) PostgresDatabase.Abandon(_connection, reading);
            _connection = null;
            if (PostgresFault.Is(failed)) throw PostgresFault.Unreadable(failed);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
    }

    private static async Task<LogRead> ReadAsync(NpgsqlConnection connection, LogCursor cursor, long clientChanges)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Ask(Rows, PostgresValue.Long(cursor.Seq), PostgresValue.Long(MaxRows));
        batch.Ask(Registrations, PostgresValue.Long(clientChanges));
        await batch.SendAsync();

        LogView? view = null;
        var changes = 0L;
        var rows = new List<RevocationRow>();
        await batch.TakeAsync(row =>
        {
            if (view is null)
            {
                var head = new LogCursor(row.GetGuid(0), row.GetInt64(1), row.IsDBNull(3) ? Guid.Empty : row.GetGuid(3));
                view = new LogView(head, row.IsDBNull(4) ? null : row.GetGuid(4), row.GetString(5));
                changes = row.GetInt64(2);
            }
            if (!row.IsDBNull(First)) rows.Add(PostgresRows.Read(row, First));
            return 0;
        });
        var registrations = await batch.TakeAsync(row => JsonSerializer.Deserialize(row.GetString(0), ClientRegistrationJson.Default.ClientRegistration)!);
        await batch.EndAsync();
        if (view is not { } seen) throw new StoreException("The head of the revocation log is missing.");
        var reached = rows.Count == MaxRows ? new LogCursor(seen.Head.Epoch, rows[^1].Seq, rows[^1].Id) : seen.Head;
        return new LogRead(seen, rows, reached, registrations, changes);
    }
}

using System.Text.Json;
using Npgsql;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Everything that memory starts from, and the place in the log that it is of.</summary>
internal sealed record PostgresLoad(StoreContents Contents, LogRead Log, string? NoticesSecret)
{
    /// <summary>How long it may take: there may be millions of rows.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Reads it in one snapshot.</summary>
    internal static async Task<PostgresLoad> ReadAsync(NpgsqlConnection connection)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Do("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        Ask(batch);
        batch.Do("COMMIT");
        await batch.SendAsync();
        var loaded = await TakeAsync(batch);
        await batch.EndAsync();
        return loaded;
    }

    /// <summary>Reads it within a transaction that holds the head, so that nothing changes meanwhile.</summary>
    internal static async Task<PostgresLoad> ReadHeldAsync(NpgsqlConnection connection)
    {
        await using var batch = new PostgresBatch(connection);
        Ask(batch);
        await batch.SendAsync();
        var loaded = await TakeAsync(batch);
        await batch.EndAsync();
        return loaded;
    }

    private static void Ask(PostgresBatch batch)
    {
        batch.Do($"SET LOCAL statement_timeout = {(long)Patience.TotalMilliseconds}");
        batch.Ask($"SELECT epoch, seq, clients, {PostgresDatabase.Life} FROM head");
        batch.Ask($"SELECT {PostgresRows.Columns} FROM revocations ORDER BY seq");
        batch.Ask("SELECT registration FROM clients");
        batch.Ask("SELECT name, value FROM settings");
        batch.Ask($"SELECT {PostgresRows.Marks}, (SELECT coalesce(max(expires_at), 0) FROM tokens)");
    }

    private static async Task<PostgresLoad> TakeAsync(PostgresBatch batch)
    {
        var heads = await batch.TakeAsync(row => (Epoch: row.GetGuid(0), Seq: row.GetInt64(1), Clients: row.GetInt64(2), Life: row.GetString(3)));
        if (heads is not [var head]) throw new StoreException("The head of the revocation log is missing.");
        var rows = await batch.TakeAsync(row => PostgresRows.Read(row));
        var clients = await batch.TakeAsync(row => JsonSerializer.Deserialize(row.GetString(0), ClientRegistrationJson.Default.ClientRegistration)!);
        var settings = (await batch.TakeAsync(row => KeyValuePair.Create(row.GetString(0), row.GetString(1)))).ToDictionary(StringComparer.Ordinal);
        settings.Remove(PostgresNotices.Setting, out var secret); // The store's own, and so are the next.
        settings.Remove(PostgresEpoch.Before);
        settings.Remove(LogMarks.LifetimeSetting);
        var (marks, lastExpiry) = (await batch.TakeAsync(row => (PostgresRows.ReadMarks(row, 0), row.GetInt64(3))))[0];
        // The newest row is never forgotten.
        var cursor = new LogCursor(head.Epoch, head.Seq, rows.Count == 0 ? Guid.Empty : rows[^1].Id);
        return new PostgresLoad(
            new StoreContents(head.Epoch, head.Seq, rows, clients, settings) { Marks = marks, LastExpiry = lastExpiry },
            new LogRead(new LogView(cursor, cursor.Row, head.Life), rows, cursor, clients, head.Clients, marks),
            secret);
    }
}

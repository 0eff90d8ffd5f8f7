using Npgsql;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Leases;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// The begin of another life of the log, after the database was restored, replaced or failed over: the head gets a new epoch (once, by whichever node comes first), the rows that this node still holds
/// and the database has lost are written again, and memory becomes what the database holds then. One transaction, which holds the head to its end.
/// </summary>
internal sealed class PostgresEpoch(PostgresDatabase database, PostgresNotices notices, PostgresLog log, PostgresLifetime lifetime)
{
    /// <summary>Where the epochs lie among the settings that the one of now follows: the one that was held by the node that began it, and the one that the database had.</summary>
    internal const string Before = "epoch_before";

    /// <summary>Begins; gives the epoch that is now, and how many rows were written again.</summary>
    internal async Task<(Guid Epoch, int Kept)> BeginAsync(ILogMemory? memory)
    {
        var connection = await database.ConnectAsync();
        Task? working = null;
        try
        {
            var began = (Epoch: Guid.Empty, Kept: 0);
            await log.BeginAsync(async cursor =>
            {
                var beginning = BeginAsync(connection, cursor.Epoch, memory?.Held() ?? []);
                working = beginning;
                var (loaded, kept) = await beginning.WithinAsync(PostgresLoad.Patience);
                memory?.Restart(loaded.Contents);
                notices.Use(loaded.NoticesSecret);
                began = (loaded.Contents.Epoch, kept);
                return loaded.Log;
            });
            return began;
        }
        finally
        {
            PostgresDatabase.Abandon(connection, working);
        }
    }

    private async Task<(PostgresLoad Loaded, int Kept)> BeginAsync(NpgsqlConnection connection, Guid old, IReadOnlyList<RevocationRow> held)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await BeginAsync(connection, old);
        await lifetime.RaiseAsync(connection); // A backup may be from before this process was started.
        var loaded = await PostgresLoad.ReadHeldAsync(connection);
        var lost = Lost(held, loaded.Contents.Rows);
        if (lost.Count > 0)
        {
            await PostgresAppend.AppendAgainAsync(connection, lost, lifetime);
            loaded = await PostgresLoad.ReadHeldAsync(connection);
        }
        await transaction.CommitAsync();
        return (loaded, lost.Count);
    }

    // Another epoch than the one held here may be the one that another node has begun: then it is known to follow this one. Or a backup brought it, and it ended long ago: its numbers were given to other rows since,
    // and a cursor of then would pass for one of now.
    private static async Task BeginAsync(NpgsqlConnection connection, Guid old)
    {
        // One after the other: what waited for the head still sees everything else as it was before.
        await using var ask = new NpgsqlCommand("SELECT epoch FROM head FOR UPDATE", connection);
        var found = await ask.ExecuteScalarAsync() is Guid epoch ? epoch : throw new StoreException("The head of the revocation log is missing.");
        await using var look = new NpgsqlCommand("SELECT value FROM settings WHERE name = $1", connection);
        look.Parameters.Add(PostgresValue.Text(Before));
        var before = await look.ExecuteScalarAsync() as string ?? "";
        if (found != old && before.Split(' ').Contains(Text(old))) return;
        await using var begin = new NpgsqlCommand("WITH begun AS (UPDATE head SET epoch = gen_random_uuid()) INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", connection);
        begin.Parameters.Add(PostgresValue.Text(Before));
        begin.Parameters.Add(PostgresValue.Text($"{Text(old)} {Text(found)}"));
        await begin.ExecuteNonQueryAsync();
    }

    private static string Text(Guid epoch) => epoch.ToString("N");

    // Memory has no ids. Of one token, grant or session any row is as good; another row is the same if its number and all that it reaches are.
    private static List<RevocationRow> Lost(IReadOnlyList<RevocationRow> held, IReadOnlyList<RevocationRow> found)
    {
        var ended = found.Where(row => row.Selector.EndsForEver).GroupBy(row => row.Selector).ToDictionary(rows => rows.Key, rows => rows.Max(row => row.ForgetAfter));
        var others = found.Where(row => !row.Selector.EndsForEver).Select(row => (row.Seq, row.Selector, row.IssuedBefore)).ToHashSet();
        return [.. held.Where(row => row.Selector.EndsForEver ? !ended.TryGetValue(row.Selector, out var until) || until < row.ForgetAfter : !others.Contains((row.Seq, row.Selector, row.IssuedBefore)))];
    }
}

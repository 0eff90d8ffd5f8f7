using Npgsql;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Revocation;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The end of a transaction: it takes the head of the log and holds it to the commit, gives its rows their numbers, and puts them in.</summary>
/// <remarks>
/// A row of one token also ends what descends from it, which may live longer, so it is remembered as long as the last descendant there is. Who puts in a descendant holds the head as well while it looks for
/// rows of its ancestors: of the two, the one that comes second sees the other.
/// A row that is to last as long as any token may was given a time by what its node knows. Another node may have been started with a larger <c>MaxTokenLifetime</c> since: what the database says then is added here.
/// </remarks>
internal static class PostgresAppend
{
    /// <summary>Whether this transaction holds the head of the log.</summary>
    internal const string IsHeld = "EXISTS (SELECT 1 FROM head WHERE xmin = pg_current_xact_id()::xid)";

    /// <summary>Adds what appends to a batch.</summary>
    /// <param name="batch">The batch; <see cref="TakeAsync"/> takes the answers.</param>
    /// <param name="transaction">What is to be appended.</param>
    /// <param name="lifetime">How long rows have to last.</param>
    /// <param name="onlyAfter">Where the head has to be for that; anywhere else, nothing is appended. Null: wherever it is.</param>
    internal static void Ask(PostgresBatch batch, PostgresTransaction transaction, PostgresLifetime lifetime, LogCursor? onlyAfter)
    {
        batch.Ask(
            $"UPDATE head SET seq = seq + $1, clients = clients + $2 WHERE $3::bigint IS NULL OR (seq = $3 AND epoch = $4 AND ($3 = 0 OR EXISTS (SELECT 1 FROM revocations AS r WHERE r.seq = $3 AND r.id = $5))) RETURNING epoch, seq, clients, {PostgresDatabase.Life}, (SELECT id FROM revocations AS r WHERE r.seq = head.seq - $1)",
            PostgresValue.Long(transaction.Rows.Count), PostgresValue.Long(transaction.Registrations.Count > 0 ? 1 : 0), PostgresValue.Long(onlyAfter?.Seq),
            PostgresValue.Id(onlyAfter?.Epoch ?? default), PostgresValue.Id(onlyAfter?.Row ?? default));
        // Each statement sees what was committed before it begins, so with the head held every earlier row.
        if (transaction.Rows.Count > 0) AskRows(batch, transaction.Rows, lifetime);
        if (transaction.Registrations.Count > 0)
            batch.Do("UPDATE clients SET changed = (SELECT clients FROM head) WHERE client_id = ANY ($1)", PostgresValue.Texts([.. transaction.Registrations.Select(client => client.ClientId).Distinct()]));
        if (transaction.Descendants.Count > 0) RememberAncestors(batch, transaction);
    }

    /// <summary>Takes what a batch that was sent has made of it; false when the head was elsewhere.</summary>
    internal static async Task<bool> TakeAsync(PostgresBatch batch, PostgresTransaction transaction, Guid epoch)
    {
        var heads = await batch.TakeAsync(row => (Epoch: row.GetGuid(0), Seq: row.GetInt64(1), Clients: row.GetInt64(2), Life: row.GetString(3), Before: row.IsDBNull(4) ? Guid.Empty : row.GetGuid(4)));
        if (heads.Count == 0) return false;
        var rows = transaction.Rows.Count > 0 ? await batch.TakeAsync(row => (Seq: row.GetInt64(0), ForgetAfter: row.GetInt64(1))) : [];
        if (heads[0].Epoch != epoch) throw new StoreException("The revocation log is another one than this node has in memory.");
        transaction.Number(epoch, heads[0].Seq, heads[0].Clients, heads[0].Life, heads[0].Before, [.. rows.OrderBy(row => row.Seq).Select(row => row.ForgetAfter)]);
        return true;
    }

    /// <summary>Puts in rows that the database has lost, within a transaction of the caller's that holds the head.</summary>
    internal static async Task AppendAgainAsync(NpgsqlConnection connection, IReadOnlyList<RevocationRow> rows, PostgresLifetime lifetime)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Do("UPDATE head SET seq = seq + $1", PostgresValue.Long(rows.Count));
        AskRows(batch, rows, lifetime);
        await batch.SendAsync();
        await batch.EndAsync();
    }

    private static void AskRows(PostgresBatch batch, IReadOnlyList<RevocationRow> rows, PostgresLifetime lifetime)
    {
        batch.Ask(
            $"""
            INSERT INTO revocations ({PostgresRows.Columns})
            SELECT head.seq - $11 + place, new.id, at, kind, name, issuer, tenant, issued_before,
                greatest(forget_after, CASE WHEN kind = 1 THEN (SELECT max(expires_at) FROM tokens WHERE ancestors IS NOT NULL) + $12 END, CASE WHEN forget_after >= at + $13 THEN {PostgresLifetime.LastEnd} + $12 END), actor, reason
            FROM head, unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY AS new (id, at, kind, name, issuer, tenant, issued_before, forget_after, actor, reason, place)
            WHERE head.xmin = pg_current_xact_id()::xid
            RETURNING seq, forget_after
            """,
            PostgresValue.Ids([.. rows.Select(row => row.Id)]), PostgresValue.Longs([.. rows.Select(row => (long?)row.At)]), PostgresValue.Shorts([.. rows.Select(row => (short)row.Selector.Kind)]),
            PostgresValue.Texts([.. rows.Select(row => PostgresRows.NameOf(row.Selector))]), PostgresValue.Texts([.. rows.Select(row => row.Selector.Issuer)]),
            PostgresValue.Texts([.. rows.Select(row => row.Selector.Group)]), PostgresValue.Longs([.. rows.Select(row => row.IssuedBefore)]),
            PostgresValue.Longs([.. rows.Select(row => (long?)row.ForgetAfter)]), PostgresValue.Texts([.. rows.Select(row => row.Actor)]), PostgresValue.Texts([.. rows.Select(row => row.Reason)]),
            PostgresValue.Long(rows.Count), PostgresValue.Long(RevocationLog.ForgetMargin), PostgresValue.Long(lifetime.Seconds));
    }

    private static void RememberAncestors(PostgresBatch batch, PostgresTransaction transaction)
    {
        var pairs = transaction.Descendants.SelectMany(record => record.Ancestors, (record, ancestor) => (Name: ancestor.ToString(), End: record.ExpiresAt + RevocationLog.ForgetMargin))
            .GroupBy(pair => pair.Name, pair => pair.End).Select(group => (Name: group.Key, End: group.Max())).ToList();
        batch.Do(
            "UPDATE revocations SET forget_after = needed.until FROM unnest($1, $2) AS needed (name, until) WHERE kind = 1 AND revocations.name = needed.name AND forget_after < needed.until",
            PostgresValue.Texts([.. pairs.Select(pair => pair.Name)]), PostgresValue.Longs([.. pairs.Select(pair => (long?)pair.End)]));
    }
}

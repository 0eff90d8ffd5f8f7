using System.Globalization;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// What leaves. One node at a time removes: another one that tries meanwhile removes nothing and comes again. What others hold is passed by, so nobody waits for it and it waits for nobody.
/// </summary>
internal sealed partial class PostgresTokenStore : ICleanedStore
{
    // The first half of an advisory lock's key. It is let go with the commit.
    private const int CleanLock = 0x7453_0004;

    private static readonly string Mine = string.Create(CultureInfo.InvariantCulture, $"WITH mine AS MATERIALIZED (SELECT pg_try_advisory_xact_lock({CleanLock}, {PostgresDatabase.Installation}) AS held)");

    // How long the statement took, in microseconds: what other writes of its transaction wait for.
    private const string Took = "(extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000000)::bigint";

    private bool _isTrying;

    public Task<CleanedBatch> RemoveTokensAsync(long expiredBefore, int most) => CleanAsync("tokens", "expires_at", expiredBefore, most);

    public Task<CleanedBatch> ForgetAssertionsAsync(long forgetBefore, int most) => CleanAsync("assertions", "forget_after", forgetBefore, most);

    public Task<CleanedBatch> ForgetRefreshUsesAsync(long forgetBefore, int most) => CleanAsync("refresh_uses", "forget_after", forgetBefore, most);

    public Task<CleanedBatch> RemoveSecretUsesAsync(IReadOnlyList<SecretUse> gone) => WriteAsync<CleanedBatch>(
        batch => batch.Ask(
            $"WITH gone AS (DELETE FROM secret_uses WHERE (client_id, secret) IN (SELECT * FROM unnest($1, $2)) RETURNING 1) SELECT count(*), {Took} FROM gone",
            PostgresValue.Texts([.. gone.Select(use => use.ClientId)]), PostgresValue.Texts([.. gone.Select(use => use.Secret)])),
        TakeCleanedAsync,
        shared: "secrets");

    public Task<ForgottenRows> ForgetRowsAsync(long forgetBefore, int most) => WriteAsync<ForgottenRows>(
        batch => batch.Ask(
            $"""
            {Mine}, gone AS (
                DELETE FROM revocations WHERE ctid = ANY (ARRAY(
                    SELECT r.ctid FROM revocations AS r, mine WHERE held AND forget_after < $1 AND seq < (SELECT seq FROM head) ORDER BY forget_after LIMIT $2 FOR UPDATE OF r SKIP LOCKED))
                RETURNING seq, kind, name, issuer, tenant),
            kept AS (
                UPDATE forgotten SET through = greatest(through, last.seq), tokens = greatest(tokens, last.token)
                FROM (SELECT max(seq) FILTER (WHERE kind NOT IN (1, 8)) AS seq, max(seq) FILTER (WHERE kind = 1) AS token FROM gone) AS last WHERE last.seq IS NOT NULL OR last.token IS NOT NULL)
            SELECT seq, kind, name, issuer, tenant, {Took} FROM gone
            """,
            PostgresValue.Long(forgetBefore), PostgresValue.Long(most)),
        async (batch, _) =>
        {
            var held = TimeSpan.Zero;
            var rows = await batch.TakeAsync(row =>
            {
                held = TimeSpan.FromMicroseconds(row.GetInt64(5));
                return (Selector: PostgresRows.SelectorOf(row.GetInt64(0), (SelectorKind)row.GetInt16(1), row.GetString(2), PostgresRows.Text(row, 3), PostgresRows.Text(row, 4)), Seq: row.GetInt64(0));
            });
            var through = ForgottenRows.ThroughOf(rows);
            var forgotten = new ForgottenRows(rows, through, held);
            return () => forgotten;
        });

    public bool CanWrite()
    {
        if (_writer is not { IsFailing: true }) return true;
        if (!Interlocked.Exchange(ref _isTrying, true)) _ = TryWriteAsync();
        return false;
    }

    // An empty transaction: it needs the connection, its lock and a commit.
    private async Task TryWriteAsync()
    {
        try
        {
            await WriteAsync<bool>(static batch => batch.Do("UPDATE forgotten SET through = through"), static (_, _) => Task.FromResult<Func<bool>>(static () => true));
        }
        catch (StoreException)
        {
            // It still fails.
        }
        finally
        {
            Volatile.Write(ref _isTrying, false);
        }
    }

    private Task<CleanedBatch> CleanAsync(string table, string column, long before, int most) => WriteAsync<CleanedBatch>(
        batch => batch.Ask(
            $"""
            {Mine}, gone AS (
                DELETE FROM {table} WHERE ctid = ANY (ARRAY(
                    SELECT t.ctid FROM {table} AS t, mine WHERE held AND {column} < $1 ORDER BY {column} LIMIT $2 FOR UPDATE OF t SKIP LOCKED))
                RETURNING 1)
            SELECT count(*), {Took} FROM gone
            """,
            PostgresValue.Long(before), PostgresValue.Long(most)),
        TakeCleanedAsync);

    private static async Task<Func<CleanedBatch>> TakeCleanedAsync(PostgresBatch batch, PostgresTransaction transaction)
    {
        var cleaned = (await batch.TakeAsync(row => new CleanedBatch((int)row.GetInt64(0), TimeSpan.FromMicroseconds(row.GetInt64(1)))))[0];
        return () => cleaned;
    }
}

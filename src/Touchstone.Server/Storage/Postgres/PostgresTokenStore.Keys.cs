using Touchstone.Server.Audit;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The part of the store that is about keys that sign.</summary>
internal sealed partial class PostgresTokenStore : IKeyStore
{
    public async ValueTask<IReadOnlyList<StoredKey>> ReadKeysAsync(CancellationToken cancellationToken) => await ReadAsync(static (reader, _) => reader.ReadKeysAsync(), 0);

    public Task<bool> AddKeyAsync(StoredKey key, long olderPublishedUntil) => WriteAsync<bool>(
        batch => batch.Ask(
            """
            WITH added AS (
                INSERT INTO signing_keys (kid, algorithm, number, created_at, signs_from, jwk, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING 1),
            older AS (
                UPDATE signing_keys SET signs_until = $5, published_until = greatest(published_until, $8)
                WHERE algorithm = $2 AND number < $3 AND retired_at IS NULL AND EXISTS (SELECT 1 FROM added) AND (signs_until IS NULL OR signs_until > $5 OR (signs_until > $4 AND NOT EXISTS (
                    SELECT 1 FROM signing_keys heir WHERE heir.algorithm = $2 AND heir.number > signing_keys.number AND heir.number < $3 AND heir.retired_at IS NULL AND heir.signs_from <= signing_keys.signs_until))))
            SELECT 1 FROM added
            """,
            PostgresValue.Text(key.Kid), PostgresValue.Text(key.Algorithm), PostgresValue.Long(key.Number), PostgresValue.Long(key.CreatedAt), PostgresValue.Long(key.SignsFrom),
            PostgresValue.Text(key.Jwk), PostgresValue.Bytes(key.Sealed), PostgresValue.Long(olderPublishedUntil)),
        async (batch, transaction) =>
        {
            var isNew = await batch.CountAsync() == 1;
            if (isNew) transaction.Record(AuditEvent.SigningKeyChanged(key.Kid, key.Algorithm, "added", transaction.Origin));
            return () => isNew;
        },
        shared: "keys");

    public Task<bool> RetireKeyAsync(string kid, long at) => WriteAsync<bool>(
        batch => batch.Ask(
            "UPDATE signing_keys SET retired_at = $2, published_until = $2, sealed = NULL WHERE kid = $1 AND retired_at IS NULL RETURNING algorithm", PostgresValue.Text(kid), PostgresValue.Long(at)),
        async (batch, transaction) =>
        {
            var retired = await batch.TakeAsync(row => row.GetString(0));
            if (retired is [var algorithm]) transaction.Record(AuditEvent.SigningKeyChanged(kid, algorithm, "retired", transaction.Origin));
            return () => retired.Count == 1;
        },
        shared: "keys");

    public Task<int> ForgetKeysAsync(long signedBefore, long publishedBefore) => WriteAsync<int>(
        batch => batch.Ask(
            """
            WITH ended AS (UPDATE signing_keys SET sealed = NULL WHERE sealed IS NOT NULL AND signs_until < $1 AND NOT coalesce(published_until < $2, FALSE))
            DELETE FROM signing_keys WHERE published_until < $2 RETURNING kid, algorithm
            """,
            PostgresValue.Long(signedBefore), PostgresValue.Long(publishedBefore)),
        async (batch, transaction) =>
        {
            var gone = await batch.TakeAsync(row => (Kid: row.GetString(0), Algorithm: row.GetString(1)));
            foreach (var (kid, algorithm) in gone) transaction.Record(AuditEvent.SigningKeyChanged(kid, algorithm, "forgotten", transaction.Origin));
            return () => gone.Count;
        },
        shared: "keys");
}

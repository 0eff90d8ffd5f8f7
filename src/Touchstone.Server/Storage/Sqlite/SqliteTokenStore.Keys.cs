using Touchstone.Server.Audit;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The part of the store that is about keys that sign.</summary>
internal sealed partial class SqliteTokenStore : IKeyStore
{
    public ValueTask<IReadOnlyList<StoredKey>> ReadKeysAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Read(static (reader, _) => reader.ReadKeys(), 0));

    public Task<bool> AddKeyAsync(StoredKey key, long olderPublishedUntil) => WriteAsync((statements, _) =>
    {
        var isNew = 1 == Run(
            statements, "INSERT INTO signing_keys (kid, algorithm, number, created_at, signs_from, jwk, sealed) VALUES ($kid, $algorithm, $number, $created, $from, $jwk, $sealed) ON CONFLICT DO NOTHING",
            ("$kid", key.Kid), ("$algorithm", key.Algorithm), ("$number", key.Number), ("$created", key.CreatedAt), ("$from", key.SignsFrom), ("$jwk", key.Jwk), ("$sealed", key.Sealed));
        if (!isNew) return false;
        Run(
            statements,
            """
            UPDATE signing_keys SET signs_until = $from, published_until = max(coalesce(published_until, $until), $until)
            WHERE algorithm = $algorithm AND number < $number AND retired_at IS NULL AND (signs_until IS NULL OR signs_until > $from OR (signs_until > $created AND NOT EXISTS (
                SELECT 1 FROM signing_keys AS heir WHERE heir.algorithm = $algorithm AND heir.number > signing_keys.number AND heir.number < $number AND heir.retired_at IS NULL AND heir.signs_from <= signing_keys.signs_until)))
            """,
            ("$from", key.SignsFrom), ("$created", key.CreatedAt), ("$until", olderPublishedUntil), ("$algorithm", key.Algorithm), ("$number", key.Number));
        statements.Audit.Append(AuditEvent.SigningKeyChanged(key.Kid, key.Algorithm, "added", statements.Origin));
        return true;
    });

    public Task<bool> RetireKeyAsync(string kid, long at) => WriteAsync((statements, _) =>
    {
        var retired = Sql.Read(
            statements.Connection, "UPDATE signing_keys SET retired_at = $at, published_until = $at, sealed = NULL WHERE kid = $kid AND retired_at IS NULL RETURNING algorithm",
            row => row.GetString(0), ("$at", at), ("$kid", kid));
        if (retired is not [var algorithm]) return false;
        statements.Audit.Append(AuditEvent.SigningKeyChanged(kid, algorithm, "retired", statements.Origin));
        return true;
    });

    public Task<int> ForgetKeysAsync(long signedBefore, long publishedBefore) => WriteAsync((statements, _) =>
    {
        Run(statements, "UPDATE signing_keys SET sealed = NULL WHERE sealed IS NOT NULL AND signs_until < $before", ("$before", signedBefore));
        var gone = Sql.Read(
            statements.Connection, "DELETE FROM signing_keys WHERE published_until < $before RETURNING kid, algorithm", row => (Kid: row.GetString(0), Algorithm: row.GetString(1)), ("$before", publishedBefore));
        foreach (var (kid, algorithm) in gone) statements.Audit.Append(AuditEvent.SigningKeyChanged(kid, algorithm, "forgotten", statements.Origin));
        return gone.Count;
    });
}

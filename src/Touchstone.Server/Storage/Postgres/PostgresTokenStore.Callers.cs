using Npgsql;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The part of the store that is about callers and subjects.</summary>
internal sealed partial class PostgresTokenStore : ICallerStore, ISubjectStore
{
    public async Task<bool> UseAssertionAsync(byte[] key, long forgetAfter) => 1 == await CountAsync(
        "INSERT INTO assertions (key, forget_after) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1", () => [PostgresValue.Bytes(key), PostgresValue.Long(forgetAfter)], "assertion " + Convert.ToHexString(key));

    public Task SaveSecretUsesAsync(IReadOnlyList<SecretUse> uses) => WriteAsync<bool>(
        // In one order at all nodes, so that none waits for another that waits for it.
        batch => batch.Do(
            """
            INSERT INTO secret_uses (client_id, secret, last_used) SELECT client_id, secret, last_used FROM unnest($1, $2, $3) AS new (client_id, secret, last_used) ORDER BY client_id, secret
            ON CONFLICT (client_id, secret) DO UPDATE SET last_used = greatest(secret_uses.last_used, excluded.last_used)
            """,
            PostgresValue.Texts([.. uses.Select(use => use.ClientId)]), PostgresValue.Texts([.. uses.Select(use => use.Secret)]), PostgresValue.Longs([.. uses.Select(use => (long?)use.LastUsed)])),
        static (_, _) => Task.FromResult<Func<bool>>(static () => true),
        shared: "secrets");

    public async ValueTask<IReadOnlyList<SecretUse>> LoadSecretUsesAsync() => await ReadAsync(static (reader, _) => reader.LoadSecretUsesAsync(), 0);

    public Task<RevocationRow?> DisableAsync(DisabledSubject subject, RevocationRow row) => WriteAsync<RevocationRow?>(
        batch => batch.Ask(
            "INSERT INTO disabled_subjects (issuer, subject, at, actor, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1",
            PostgresValue.Text(subject.Issuer), PostgresValue.Text(subject.Subject), PostgresValue.Long(subject.At), PostgresValue.Text(subject.Actor), PostgresValue.Text(subject.Reason)),
        async (batch, transaction) =>
        {
            if (await batch.CountAsync() == 0) return static () => null;
            transaction.Record(AuditEvent.SubjectChanged(subject.Issuer, subject.Subject, isEnabled: false, subject.Reason, transaction.Origin));
            var place = transaction.Append(row);
            return () => transaction.Rows[place];
        },
        shared: Shared(subject.Issuer, subject.Subject));

    public Task<bool> EnableAsync(string issuer, string subject) => WriteAsync<bool>(
        batch => batch.Ask("DELETE FROM disabled_subjects WHERE issuer = $1 AND subject = $2 RETURNING 1", PostgresValue.Text(issuer), PostgresValue.Text(subject)),
        async (batch, transaction) =>
        {
            var wasDisabled = await batch.CountAsync() == 1;
            if (wasDisabled) transaction.Record(AuditEvent.SubjectChanged(issuer, subject, isEnabled: true, reason: null, transaction.Origin));
            return () => wasDisabled;
        },
        shared: Shared(issuer, subject));

    public async ValueTask<DisabledSubject?> FindDisabledAsync(string issuer, string subject, CancellationToken cancellationToken) =>
        await ReadAsync(static (reader, asked) => reader.FindDisabledAsync(asked.issuer, asked.subject), (issuer, subject));

    public async ValueTask<IReadOnlyList<DisabledSubject>> ListDisabledAsync(Selector? after, int most, CancellationToken cancellationToken) =>
        await ReadAsync(static (reader, asked) => reader.ListDisabledAsync(asked.after, asked.most), (after, most));

    public async ValueTask<bool> HasTokensAsync(Selector subject, CancellationToken cancellationToken) => await ReadAsync(static (reader, subject) => reader.HasTokensAsync(subject), subject);

    private static string Shared(string issuer, string subject) => "subject " + Selector.Subject(issuer, subject).Key;
}

using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The part of the store that writes.</summary>
internal sealed partial class PostgresTokenStore
{
    public Task<int> AddTokensAsync(IReadOnlyList<TokenRecord> records, IReadOnlyList<RevocationRow>? ended = null, Guid? epoch = null) => WriteAsync<int>(
        batch => AskLife(batch, epoch, records),
        async (batch, transaction) =>
        {
            await TakeLifeAsync(batch, epoch);
            var taken = transaction.Taken;
            // One that was there changed nothing; of several, others were put in beside it.
            if (taken >= 0) transaction.MustUndo |= records.Count > 1;
            else
            {
                foreach (var record in records) transaction.Record(AuditEvent.Issued(record, transaction.Origin));
                transaction.Descendants.AddRange(records.Where(record => record.Ancestors.Count > 0));
                foreach (var row in ended ?? []) transaction.Append(row);
            }
            return () => taken;
        },
        records.Count,
        tokens: records);

    public Task<IReadOnlyList<RevocationRow>> AppendAsync(IReadOnlyList<RevocationRow> rows) => WriteAsync<IReadOnlyList<RevocationRow>>(
        static _ => { },
        (_, transaction) =>
        {
            var first = transaction.Rows.Count;
            foreach (var row in rows) transaction.Append(row);
            return Task.FromResult<Func<IReadOnlyList<RevocationRow>>>(() => transaction.Rows.GetRange(first, rows.Count));
        },
        rows.Count);

    public Task<RevocationRow?> ChangeAsync(ClientRegistration read, ClientRegistration changed, RevocationRow row) => WriteAsync<RevocationRow?>(
        batch => batch.Ask(
            "UPDATE clients SET registration = $2 FROM (SELECT registration AS old FROM clients WHERE client_id = $1 FOR UPDATE) AS before WHERE client_id = $1 RETURNING old",
            PostgresValue.Text(changed.ClientId), PostgresValue.Text(Text(changed))),
        async (batch, transaction) =>
        {
            // What stood there was locked when it was replaced: nobody else changes it before the end.
            var old = (await batch.TakeAsync(found => found.GetString(0))).FirstOrDefault();
            if (old is null || !ClientRegistrationText.Is(old, read))
            {
                transaction.MustUndo = true;
                return static () => null;
            }
            transaction.Registrations.Add(changed);
            transaction.Record(AuditEvent.ClientChanged(changed, AuditDifference.Members(old, Text(changed)), transaction.Origin));
            var place = transaction.Append(row);
            return () => transaction.Rows[place];
        },
        shared: "client " + changed.ClientId);

    public Task<bool> AddClientAsync(ClientRegistration registration) => WriteAsync<bool>(
        batch => batch.Ask(
            "INSERT INTO clients (client_id, registration, changed) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING RETURNING 1", PostgresValue.Text(registration.ClientId), PostgresValue.Text(Text(registration))),
        async (batch, transaction) =>
        {
            var isNew = await batch.CountAsync() == 1;
            if (isNew)
            {
                transaction.Registrations.Add(registration);
                transaction.Record(AuditEvent.ClientAdded(registration, transaction.Origin));
                transaction.Append(registration.Told(transaction.Origin?.Actor)); // Once this is answered, every node knows the client.
            }
            return () => isNew;
        },
        shared: "client " + registration.ClientId);

    public Task SetAsync(string name, string value) => WriteAsync<bool>(
        batch => batch.Ask(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING 1", PostgresValue.Text(name), PostgresValue.Text(value)),
        async (batch, transaction) =>
        {
            await batch.CountAsync();
            transaction.Record(AuditEvent.SettingChanged(name, transaction.Origin));
            return static () => true;
        },
        shared: "setting " + name);

    public Task<string> SetOnceAsync(string name, string value) => WriteAsync<string>(
        batch => batch.Ask(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = settings.value RETURNING value, xmax = 0", PostgresValue.Text(name), PostgresValue.Text(value)),
        async (batch, transaction) =>
        {
            var (kept, isNew) = (await batch.TakeAsync(row => (row.GetString(0), row.GetBoolean(1))))[0];
            if (isNew) transaction.Record(AuditEvent.SettingChanged(name, transaction.Origin));
            return () => kept;
        },
        shared: "setting " + name);

    public Task RecordAsync(IReadOnlyList<AuditEvent> events) => WriteAsync<bool>(
        static _ => { },
        (_, transaction) =>
        {
            foreach (var e in events) transaction.Record(e);
            return Task.FromResult<Func<bool>>(static () => true);
        });

    // What is seen of other nodes' chains is committed, and so on the disk.
    public Task SignAuditAsync(bool hasGrown = true) => WriteAsync<bool>(
        batch => batch.Ask(PostgresAuditRecords.Heads, PostgresValue.Text(_recorder.Changes)),
        async (batch, transaction) =>
        {
            transaction.Sign(hasGrown, await batch.TakeAsync(PostgresAuditRecords.ReadHead));
            return static () => true;
        });

    public Task<int> ForgetAuditAsync(string chain, long through, int most) => CountAsync(
        "DELETE FROM audit WHERE chain = $1 AND n IN (SELECT n FROM audit WHERE chain = $1 AND n <= $2 ORDER BY n LIMIT $3) RETURNING 1",
        () => [PostgresValue.Text(chain), PostgresValue.Long(through), PostgresValue.Long(most)]);

    // A write that is one statement and changes nothing that memory holds: how many rows it gave.
    private Task<int> CountAsync(string text, Func<Npgsql.NpgsqlParameter[]> values, string? shared = null) => WriteAsync<int>(
        batch => batch.Ask(text, values()), // Made anew when the write is tried again: a parameter belongs to one command.
        async (batch, _) =>
        {
            var count = await batch.CountAsync();
            return () => count;
        },
        shared: shared);

    // A restored database has another life of the log, or a head that lies behind: its next rows would have numbers that what was born in the old one has seen already, and would not end it.
    // Or it has grown as far as memory is by now: then the row that memory is at is another one. That row may be gone in time, but its number has been given to no other in this life.
    private void AskLife(PostgresBatch batch, Guid? epoch, IReadOnlyList<TokenRecord> records)
    {
        if (epoch is not { } life) return;
        var here = _log.Cursor;
        batch.Ask(
            "SELECT 1 FROM head WHERE epoch = $1 AND seq >= $2 AND NOT EXISTS (SELECT 1 FROM revocations AS r WHERE r.seq = $3 AND r.id <> $4)",
            PostgresValue.Id(life), PostgresValue.Long(Math.Max(here.Seq, records.Max(record => record.Born))), PostgresValue.Long(here.Seq), PostgresValue.Id(here.Row));
    }

    private static async Task TakeLifeAsync(PostgresBatch batch, Guid? epoch)
    {
        if (epoch is not null && await batch.CountAsync() == 0) throw new StoreException("The revocation log began anew after this was judged.");
    }

    private static string Text(ClientRegistration registration) => ClientRegistrationText.Of(registration);
}

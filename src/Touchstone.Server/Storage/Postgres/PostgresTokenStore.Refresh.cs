using System.Globalization;
using System.Text;
using Npgsql;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The part of the store that is about refresh tokens.</summary>
internal sealed partial class PostgresTokenStore
{
    /// <remarks>
    /// Use and tokens are one statement, and the tokens are put in only beside a use that was: who comes second has written nothing, so nothing of the other writes in its transaction has to be undone.
    /// Who meets the use of a transaction that is not over waits for its end; what it finds then is read by a statement of its own, which sees it.
    /// </remarks>
    public Task<RefreshUse?> UseRefreshTokenAsync(RefreshUse use, IReadOnlyList<TokenRecord> records, Guid? epoch = null) => WriteAsync<RefreshUse?>(
        batch =>
        {
            AskLife(batch, epoch, records);
            Ask(batch, use, records);
            batch.Ask(PostgresRows.SelectRefreshUse, PostgresValue.Bytes(use.Token.ToArray()));
        },
        async (batch, transaction) =>
        {
            await TakeLifeAsync(batch, epoch);
            var isFirst = await batch.CountAsync() == 1;
            var there = await batch.TakeAsync(PostgresRows.ReadRefreshUse);
            if (!isFirst) return () => there[0];
            foreach (var record in records) transaction.Record(AuditEvent.Issued(record, transaction.Origin));
            transaction.Descendants.AddRange(records.Where(record => record.Ancestors.Count > 0));
            return static () => null;
        },
        records.Count + 1,
        "refresh " + use.Token);

    public async ValueTask<RefreshUse?> FindRefreshUseAsync(TokenHash hash, CancellationToken cancellationToken) => await ReadAsync(static (reader, hash) => reader.FindRefreshUseAsync(hash), hash);

    private static void Ask(PostgresBatch batch, RefreshUse use, IReadOnlyList<TokenRecord> records)
    {
        List<NpgsqlParameter> values =
        [
            PostgresValue.Bytes(use.Token.ToArray()), PostgresValue.Long(use.UsedAt), PostgresValue.Text(use.Grant), PostgresValue.Text(use.ProofKey),
            PostgresValue.Bytes(use.Successor.ToArray()), PostgresValue.Long(use.ForgetAfter),
        ];
        var text = new StringBuilder("WITH used AS (INSERT INTO refresh_uses (hash, used_at, grant_id, proof_key, successor, forget_after) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING 1)");
        for (var i = 0; i < records.Count; i++)
        {
            var own = PostgresTokenRows.Values(records[i]);
            var places = string.Join(", ", own.Select((_, place) => string.Create(CultureInfo.InvariantCulture, $"${values.Count + place + 1}")));
            text.Append(CultureInfo.InvariantCulture, $", added{i} AS ({PostgresTokenRows.Into} SELECT {places} FROM used)");
            values.AddRange(own);
        }
        batch.Ask(text.Append(" SELECT 1 FROM used").ToString(), [.. values]);
    }
}

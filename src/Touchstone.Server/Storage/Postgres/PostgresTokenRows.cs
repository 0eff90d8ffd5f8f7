using Npgsql;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Tokens as rows of their table, and how they come into it.</summary>
internal static class PostgresTokenRows
{
    internal const string Into =
        "INSERT INTO tokens (hash, kind, client_id, issuer, born, issued_at, not_before, expires_at, subject, username, scope, audience, jti, grant_id, session, tenant, ancestors, lineage, grant_expires_at, basis_issued_at, cnf, act, authorization_details, claims)";

    private const string Insert =
        $"""
        {Into}
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
        ON CONFLICT DO NOTHING RETURNING 1
        """;

    /// <summary>
    /// Adds what puts in the tokens of all writes of a transaction; <see cref="TakeAsync"/> takes the answers in the same order. That is one order at all nodes, whatever they were asked for:
    /// who finds a token that another transaction is putting in waits for its end, and must not have put in one that the other comes to later.
    /// </summary>
    internal static IReadOnlyList<(PostgresWrite Write, int Place)> Ask(PostgresBatch batch, IReadOnlyList<PostgresWrite> writes)
    {
        var tokens = new List<(PostgresWrite Write, int Place, TokenRecord Record)>();
        foreach (var write in writes)
        {
            for (var place = 0; place < write.Tokens.Count; place++) tokens.Add((write, place, write.Tokens[place]));
        }
        // Of two that are the same the one that was asked for first is put in.
        if (tokens.Count > 1) tokens = [.. tokens.OrderBy(token => token.Record.Hash.ToString(), StringComparer.Ordinal)];
        foreach (var (_, _, record) in tokens) batch.Ask(Insert, Values(record));
        return tokens.ConvertAll(token => (token.Write, token.Place));
    }

    /// <summary>Tells each write which of its tokens stood there already.</summary>
    internal static async Task TakeAsync(PostgresBatch batch, IReadOnlyList<PostgresWrite> writes, IReadOnlyList<(PostgresWrite Write, int Place)> tokens)
    {
        foreach (var write in writes) write.Taken = -1;
        foreach (var (write, place) in tokens)
        {
            if (await batch.CountAsync() == 0 && (write.Taken < 0 || place < write.Taken)) write.Taken = place;
        }
    }

    internal static NpgsqlParameter[] Values(TokenRecord record) =>
    [
        PostgresValue.Bytes(record.Hash.ToArray()), PostgresValue.Short((int)record.Kind), PostgresValue.Text(record.ClientId), PostgresValue.Text(record.Issuer), PostgresValue.Long(record.Born),
        PostgresValue.Long(record.IssuedAt), PostgresValue.Long(record.NotBefore), PostgresValue.Long(record.ExpiresAt), PostgresValue.Text(record.Subject), PostgresValue.Text(record.Username),
        PostgresValue.Text(record.Scope.IsEmpty ? null : record.Scope.Text), PostgresValue.Text(record.Audience.Count == 0 ? null : string.Join('\n', record.Audience)), PostgresValue.Text(record.Jti),
        PostgresValue.Text(record.Grant), PostgresValue.Text(record.Session), PostgresValue.Text(record.Tenant),
        PostgresValue.Hashes(record.Ancestors), PostgresValue.Text(LineageText.Of(record.Lineage)), PostgresValue.Long(record.GrantExpiresAt), PostgresValue.Long(record.BasisIssuedAt),
        PostgresValue.Json(record.Confirmation), PostgresValue.Json(record.Actor), PostgresValue.Json(record.AuthorizationDetails), PostgresValue.Json(record.Claims),
    ];
}

using System.Runtime.InteropServices;
using System.Text;
using Npgsql;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>One connection that looks things up. One request uses it at a time.</summary>
internal sealed class PostgresReader
{
    private const string Columns =
        "t.kind, t.client_id, t.issuer, t.born, t.issued_at, t.not_before, t.expires_at, t.subject, t.username, t.scope, t.audience, t.jti, t.grant_id, t.session, t.tenant, t.ancestors, t.lineage, t.grant_expires_at, t.cnf, t.act, t.authorization_details, t.claims, t.basis_issued_at";

    private const int Judgement = 23;

    private const string ByHash = $"SELECT {Columns} FROM tokens t WHERE t.hash = $1";

    // The row that ends the token t. Each selector of the record is one look into the index of rows.
    private const string Judging = """
        LEFT JOIN LATERAL (
            SELECT s.kind, r.seq
            FROM (
                SELECT 1 AS place, 1::smallint AS kind, encode(t.hash, 'hex') AS name, t.issuer AS home, t.tenant AS house
                UNION ALL SELECT 2, 1::smallint, encode(substring(t.ancestors FROM i * 32 + 1 FOR 32), 'hex'), NULL, NULL FROM generate_series(0, length(t.ancestors) / 32 - 1) AS i
                UNION ALL SELECT 3, 2::smallint, t.grant_id, NULL, NULL
                UNION ALL SELECT 4, 3::smallint, t.session, t.issuer, NULL
                UNION ALL SELECT 5, 4::smallint, t.subject, t.issuer, NULL
                UNION ALL SELECT 6, 5::smallint, t.client_id, NULL, NULL
                UNION ALL SELECT 7, 6::smallint, t.tenant, NULL, NULL
                UNION ALL SELECT 8, 9::smallint, t.subject, t.issuer, t.tenant
                UNION ALL SELECT 9, 10::smallint, t.jti, t.issuer, NULL
                UNION ALL SELECT 10, (l ->> 0)::smallint, l ->> 1, l ->> 2, l ->> 3 FROM jsonb_array_elements(t.lineage::jsonb) AS l
                UNION ALL SELECT 11, 7::smallint, '', NULL, NULL) AS s
            JOIN LATERAL (
                SELECT seq FROM revocations
                WHERE kind = s.kind AND name = s.name AND (issuer IS NULL OR issuer = s.home) AND (tenant IS NULL OR tenant = s.house)
                    AND (kind IN (1, 2, 3, 10) OR (seq > t.born AND (issued_before IS NULL OR t.ancestors IS NOT NULL OR coalesce(t.basis_issued_at, t.issued_at) < issued_before)))
                ORDER BY seq LIMIT 1) AS r ON TRUE
            ORDER BY s.place LIMIT 1) AS m ON TRUE
        """;

    // One statement is one snapshot: record, rows and head belong together.
    private const string ByHashWithRow = $"SELECT {Columns}, h.seq, m.kind, m.seq, t.hash IS NOT NULL FROM head h LEFT JOIN tokens t ON t.hash = $1 {Judging}";

    private const string RowOfRecord = $"""
        SELECT m.kind, m.seq
        FROM (SELECT $1::bytea AS hash, $2::bytea AS ancestors, $3::text AS grant_id, $4::text AS session, $5::text AS subject, $6::text AS client_id, $7::text AS tenant, $8::text AS issuer,
            $9::bigint AS born, $10::bigint AS issued_at, $11::text AS jti, $12::text AS lineage, $13::bigint AS basis_issued_at) AS t {Judging}
        """;

    private readonly NpgsqlConnection _connection;
    private readonly Interned _texts;
    private readonly NpgsqlCommand _find;

    private PostgresReader(NpgsqlConnection connection, Interned texts)
    {
        _connection = connection;
        _texts = texts;
        _find = Command(ByHash, PostgresValue.Bytes(null));
    }

    internal static async Task<PostgresReader> OpenAsync(PostgresDatabase database, Interned texts)
    {
        var reader = new PostgresReader(await database.ConnectAsync(), texts);
        var preparing = reader._find.PrepareAsync();
        try
        {
            await preparing.WithinAsync(database.Timeout);
            return reader;
        }
        catch
        {
            reader.Abandon(preparing);
            throw;
        }
    }

    /// <summary>Lets the connection go when what is under way there has ended.</summary>
    internal void Abandon(Task? last = null) => PostgresDatabase.Abandon(_connection, last);

    internal async Task<StoredToken> FindAsync(TokenHash hash)
    {
        _find.Parameters[0].Value = hash.ToArray();
        await using var row = await _find.ExecuteReaderAsync();
        return await row.ReadAsync() ? new StoredToken(ReadRecord(row, hash), null, 0) : default;
    }

    internal async Task<StoredToken> FindAndJudgeAsync(TokenHash hash)
    {
        await using var command = Command(ByHashWithRow, PostgresValue.Bytes(hash.ToArray()));
        await using var row = await command.ExecuteReaderAsync();
        if (!await row.ReadAsync()) throw new StoreException("The head of the revocation log is missing.");
        var seq = row.GetInt64(Judgement);
        if (!row.GetBoolean(Judgement + 3)) return new StoredToken(null, null, seq);
        var match = row.IsDBNull(Judgement + 1) ? null : new RevocationMatch((SelectorKind)row.GetInt16(Judgement + 1), row.GetInt64(Judgement + 2));
        return new StoredToken(ReadRecord(row, hash), match, seq);
    }

    /// <summary>The row that ends a record, whether or not it is stored.</summary>
    internal async Task<RevocationMatch?> JudgeAsync(TokenRecord record) => (await ReadAsync(
        RowOfRecord, row => row.IsDBNull(0) ? null : new RevocationMatch((SelectorKind)row.GetInt16(0), row.GetInt64(1)),
        PostgresValue.Bytes(record.Hash.ToArray()), PostgresValue.Hashes(record.Ancestors), PostgresValue.Text(record.Grant), PostgresValue.Text(record.Session), PostgresValue.Text(record.Subject),
        PostgresValue.Text(record.ClientId), PostgresValue.Text(record.Tenant), PostgresValue.Text(record.Issuer), PostgresValue.Long(record.Born), PostgresValue.Long(record.IssuedAt),
        PostgresValue.Text(record.Jti), PostgresValue.Text(LineageText.Of(record.Lineage)), PostgresValue.Long(record.BasisIssuedAt)))[0];

    internal async Task<RevocationRow?> FindRowAsync(long seq)
    {
        await using var command = Command($"SELECT {PostgresRows.Columns} FROM revocations WHERE seq = $1", PostgresValue.Long(seq));
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? PostgresRows.Read(row) : null;
    }

    internal Task<IReadOnlyList<RevocationRow>> ReadRowsAsync(long after, int most) => ReadAsync(
        $"SELECT {PostgresRows.Columns} FROM revocations WHERE seq > $1 ORDER BY seq LIMIT $2", row => PostgresRows.Read(row), PostgresValue.Long(after), PostgresValue.Long(most));

    internal async Task<TokenOwners> FindOwnersAsync(IReadOnlyList<TokenHash> hashes)
    {
        var known = await ReadAsync(
            "SELECT hash, kind, client_id, audience, issuer, jti FROM tokens WHERE hash = ANY ($1)",
            row => (Hash: PostgresRows.HashOf(row), Owner: new TokenOwner((TokenKind)row.GetInt16(1), _texts.Text(Utf8(row, 2))!, _texts.List(Utf8(row, 3)), _texts.Text(Utf8(row, 4))!, PostgresRows.Text(row, 5))),
            PostgresValue.Blobs([.. hashes.Select(hash => hash.ToArray())]));
        var hasDescendants = await ReadAsync("SELECT EXISTS (SELECT 1 FROM tokens WHERE ancestors IS NOT NULL)", row => row.GetBoolean(0));
        return new TokenOwners(known.ToDictionary(each => each.Hash, each => each.Owner), hasDescendants[0]);
    }

    internal async Task<IReadOnlyList<TokenHash>> FindByJtiAsync(string issuer, string jti)
    {
        await using var command = Command("SELECT hash FROM tokens WHERE jti = $1 AND issuer = $2", PostgresValue.Text(jti), PostgresValue.Text(issuer));
        await using var row = await command.ExecuteReaderAsync();
        var found = new List<TokenHash>();
        while (await row.ReadAsync()) found.Add(PostgresRows.HashOf(row));
        return found;
    }

    internal async Task<long> CountAsync(Selector selector, long? issuedBefore, long now)
    {
        var condition = selector.Kind switch
        {
            SelectorKind.Token => "hash = $6",
            SelectorKind.Grant => "grant_id = $3",
            SelectorKind.Session => "session = $3 AND issuer = $4",
            SelectorKind.Subject => "subject = $3 AND issuer = $4",
            SelectorKind.Member => "subject = $3 AND issuer = $4 AND tenant = $5",
            SelectorKind.Jwt => "jti = $3 AND issuer = $4",
            SelectorKind.Client => "client_id = $3",
            SelectorKind.Tenant => "tenant = $3",
            SelectorKind.All => "TRUE",
            _ => throw new ArgumentOutOfRangeException(nameof(selector)),
        };
        return await ScalarAsync(
            $"SELECT count(*) FROM tokens WHERE {condition} AND expires_at > $1 AND ($2 IS NULL OR ancestors IS NOT NULL OR coalesce(basis_issued_at, issued_at) < $2)",
            PostgresValue.Long(now), PostgresValue.Long(issuedBefore), PostgresValue.Text(selector.Id), PostgresValue.Text(selector.Issuer), PostgresValue.Text(selector.Group),
            PostgresValue.Bytes(selector.Kind is SelectorKind.Token ? selector.Hash.ToArray() : null));
    }

    internal async Task<bool> HasTokensAsync(Selector subject) => 1 == await ScalarAsync(
        "SELECT count(*) FROM (SELECT 1 FROM tokens WHERE subject = $1 AND issuer = $2 AND ($3 IS NULL OR tenant = $3) LIMIT 1) AS any_token",
        PostgresValue.Text(subject.Id), PostgresValue.Text(subject.Issuer), PostgresValue.Text(subject.Group));

    internal async Task<IReadOnlyList<DisabledSubject>> ListDisabledAsync(Selector? after, int most) => await ReadAsync(
        "SELECT issuer, subject, at, actor, reason FROM disabled_subjects WHERE (issuer, subject) > ($1, $2) ORDER BY issuer, subject LIMIT $3", ReadDisabled,
        PostgresValue.Text(after?.Issuer ?? ""), PostgresValue.Text(after?.Id ?? ""), PostgresValue.Long(most));

    internal async Task<DisabledSubject?> FindDisabledAsync(string issuer, string subject) => (await ReadAsync(
        "SELECT issuer, subject, at, actor, reason FROM disabled_subjects WHERE issuer = $1 AND subject = $2", ReadDisabled, PostgresValue.Text(issuer), PostgresValue.Text(subject))).FirstOrDefault();

    internal async Task<RefreshUse?> FindRefreshUseAsync(TokenHash hash) => (await ReadAsync(PostgresRows.SelectRefreshUse, row => PostgresRows.ReadRefreshUse(row), PostgresValue.Bytes(hash.ToArray()))).FirstOrDefault();

    internal Task<IReadOnlyList<SecretUse>> LoadSecretUsesAsync() => ReadAsync("SELECT client_id, secret, last_used FROM secret_uses", row => new SecretUse(row.GetString(0), row.GetString(1), row.GetInt64(2)));

    internal Task<IReadOnlyList<Protocol.Leases.NodeRow>> NodesAsync() => ReadAsync(
        "SELECT name, instance, beat, epoch, acknowledged FROM nodes WHERE beat >= 0 ORDER BY name, instance", row => new Protocol.Leases.NodeRow(row.GetString(0), row.GetGuid(1), row.GetInt64(2), row.GetGuid(3), row.GetInt64(4)));

    internal Task<IReadOnlyList<StoredKey>> ReadKeysAsync() => ReadAsync(PostgresRows.Keys, PostgresRows.Key);

    internal async Task<string?> DurabilityAsync() => (await ReadAsync(PostgresDurability.Query, row => PostgresRows.Text(row, 0)))[0];

    internal Task<long> PingAsync() => ScalarAsync("SELECT seq FROM head");

    private static DisabledSubject ReadDisabled(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetString(3), PostgresRows.Text(row, 4));

    private TokenRecord ReadRecord(NpgsqlDataReader row, in TokenHash hash) => new()
    {
        Hash = hash,
        Kind = (TokenKind)row.GetInt16(0),
        ClientId = _texts.Text(Utf8(row, 1))!,
        Issuer = _texts.Text(Utf8(row, 2))!,
        Born = row.GetInt64(3),
        IssuedAt = row.GetInt64(4),
        NotBefore = row.IsDBNull(5) ? null : row.GetInt64(5),
        ExpiresAt = row.GetInt64(6),
        Subject = PostgresRows.Text(row, 7),
        Username = PostgresRows.Text(row, 8),
        Scope = _texts.Scope(Utf8(row, 9)),
        Audience = _texts.List(Utf8(row, 10)),
        Jti = PostgresRows.Text(row, 11),
        Grant = PostgresRows.Text(row, 12),
        Session = PostgresRows.Text(row, 13),
        Tenant = _texts.Text(Utf8(row, 14)),
        Ancestors = row.IsDBNull(15) ? [] : MemoryMarshal.Cast<byte, TokenHash>(row.GetFieldValue<byte[]>(15)).ToArray(),
        Lineage = LineageText.Read(Utf8(row, 16)),
        GrantExpiresAt = row.IsDBNull(17) ? null : row.GetInt64(17),
        Confirmation = Utf8(row, 18),
        Actor = Utf8(row, 19),
        AuthorizationDetails = Utf8(row, 20),
        Claims = Utf8(row, 21),
        BasisIssuedAt = row.IsDBNull(22) ? null : row.GetInt64(22),
    };

    private static byte[] Utf8(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? [] : Encoding.UTF8.GetBytes(row.GetString(column));

    private async Task<long> ScalarAsync(string text, params NpgsqlParameter[] values)
    {
        await using var command = Command(text, values);
        return await command.ExecuteScalarAsync() is long number ? number : throw new StoreException("The database lost what it must have.");
    }

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string text, Func<NpgsqlDataReader, T> read, params NpgsqlParameter[] values)
    {
        await using var command = Command(text, values);
        await using var row = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await row.ReadAsync()) rows.Add(read(row));
        return rows;
    }

    private NpgsqlCommand Command(string text, params ReadOnlySpan<NpgsqlParameter> values)
    {
        var command = new NpgsqlCommand(text, _connection);
        foreach (var value in values) command.Parameters.Add(value);
        return command;
    }
}

using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>One connection that looks tokens up, with its statements prepared. One thread uses it at a time.</summary>
/// <remarks>
/// It speaks to SQLite itself where it reads a record: measured beside the same query through SqliteDataReader, see bench/results/sqlite-read.md.
/// </remarks>
internal sealed class SqliteReader : IDisposable
{
    private const string Columns =
        "kind, client_id, issuer, born, issued_at, not_before, expires_at, subject, username, scope, audience, jti, grant_id, session, tenant, ancestors, lineage, grant_expires_at, cnf, act, authorization_details, claims, basis_issued_at";

    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _find;
    private readonly Interned _texts;

    internal SqliteReader(SqliteConnection connection, Interned texts)
    {
        _connection = connection;
        _texts = texts;
        var result = raw.sqlite3_prepare_v3(connection.Handle, $"SELECT {Columns} FROM tokens WHERE hash = ?1", raw.SQLITE_PREPARE_PERSISTENT, out _find);
        if (result == raw.SQLITE_OK) return;
        var failure = Failure(result);
        connection.Dispose(); // Nobody else will, and a failing store is asked again and again.
        throw failure;
    }

    internal TokenRecord? Find(in TokenHash hash)
    {
        Span<byte> key = stackalloc byte[TokenHash.Size];
        hash.CopyTo(key);
        Check(raw.sqlite3_bind_blob(_find, 1, key));
        try
        {
            return raw.sqlite3_step(_find) switch
            {
                raw.SQLITE_ROW => ReadRecord(hash),
                raw.SQLITE_DONE => null,
                var failed => throw Failure(failed),
            };
        }
        finally
        {
            raw.sqlite3_reset(_find);
        }
    }

    /// <summary>The record and the row that ends it, in one snapshot.</summary>
    internal StoredToken FindAndJudge(in TokenHash hash)
    {
        using var snapshot = _connection.BeginTransaction(deferred: true);
        var seq = Sql.Scalar(_connection, "SELECT seq FROM head");
        var record = Find(hash);
        return new StoredToken(record, record is null ? null : Match(record), seq);
    }

    internal RevocationMatch? Judge(TokenRecord record)
    {
        using var snapshot = _connection.BeginTransaction(deferred: true);
        return Match(record);
    }

    internal IReadOnlyList<StoredKey> ReadKeys() => ReadKeys(_connection);

    internal static IReadOnlyList<StoredKey> ReadKeys(SqliteConnection connection) => Sql.Read(
        connection, "SELECT kid, algorithm, number, created_at, signs_from, jwk, signs_until, published_until, retired_at, sealed FROM signing_keys ORDER BY algorithm, number",
        row => new StoredKey(row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt64(3), row.GetInt64(4), row.GetString(5))
        {
            SignsUntil = row.IsDBNull(6) ? null : row.GetInt64(6),
            PublishedUntil = row.IsDBNull(7) ? null : row.GetInt64(7),
            RetiredAt = row.IsDBNull(8) ? null : row.GetInt64(8),
            Sealed = row.IsDBNull(9) ? null : row.GetFieldValue<byte[]>(9),
        });

    internal RevocationRow? FindRow(long seq) => Sql.Read(_connection, SqliteRows.Select + " WHERE seq = $seq", SqliteRows.Read, ("$seq", seq)).FirstOrDefault();

    internal IReadOnlyList<RevocationRow> ReadRows(long after, int most) => Sql.Read(
        _connection, SqliteRows.Select + " WHERE seq > $after ORDER BY seq LIMIT $most", SqliteRows.Read, ("$after", after), ("$most", most));

    internal TokenOwners FindOwners(IReadOnlyList<TokenHash> hashes)
    {
        var known = new Dictionary<TokenHash, TokenOwner>(hashes.Count);
        foreach (var hash in hashes)
        {
            if (Find(hash) is { } record) known[hash] = new TokenOwner(record.Kind, record.ClientId, record.Audience, record.Issuer, record.Jti);
        }
        return new TokenOwners(known, Sql.Scalar(_connection, "SELECT EXISTS (SELECT 1 FROM tokens WHERE ancestors IS NOT NULL)") == 1);
    }

    internal IReadOnlyList<TokenHash> FindByJti(string issuer, string jti) => Sql.Read(
        _connection,
        "SELECT hash FROM tokens WHERE jti = $jti AND issuer = $issuer",
        row => TokenHash.TryRead((byte[])row[0], out var hash) ? hash : throw new StoreException("A stored hash can't be read."),
        ("$jti", jti), ("$issuer", issuer));

    internal long Count(in Selector selector, long? issuedBefore, long now)
    {
        var condition = selector.Kind switch
        {
            SelectorKind.Token => "hash = $hash",
            SelectorKind.Grant => "grant_id = $id",
            SelectorKind.Session => "session = $id AND issuer = $issuer",
            SelectorKind.Subject => "subject = $id AND issuer = $issuer",
            SelectorKind.Member => "subject = $id AND issuer = $issuer AND tenant = $tenant",
            SelectorKind.Jwt => "jti = $id AND issuer = $issuer",
            SelectorKind.Client => "client_id = $id",
            SelectorKind.Tenant => "tenant = $id",
            SelectorKind.All => "TRUE",
            _ => throw new ArgumentOutOfRangeException(nameof(selector)),
        };
        using var command = Sql.Command(
            _connection,
            $"SELECT count(*) FROM tokens WHERE {condition} AND expires_at > $now AND ($before IS NULL OR ancestors IS NOT NULL OR ifnull(basis_issued_at, issued_at) < $before)",
            ("$now", now), ("$before", issuedBefore), ("$id", selector.Id), ("$issuer", selector.Issuer), ("$tenant", selector.Group), ("$hash", selector.Kind is SelectorKind.Token ? selector.Hash.ToArray() : null));
        return (long)command.ExecuteScalar()!;
    }

    internal bool HasTokens(in Selector subject)
    {
        using var command = Sql.Command(
            _connection,
            "SELECT EXISTS (SELECT 1 FROM tokens WHERE subject = $id AND issuer = $issuer" + (subject.Group is null ? ")" : " AND tenant = $tenant)"),
            ("$id", subject.Id), ("$issuer", subject.Issuer), ("$tenant", subject.Group));
        return (long)command.ExecuteScalar()! == 1;
    }

    internal DisabledSubject? FindDisabled(string issuer, string subject) => Sql.Read(
        _connection, SqliteSubjects.Select + " WHERE issuer = $issuer AND subject = $subject", SqliteSubjects.Read, ("$issuer", issuer), ("$subject", subject)).FirstOrDefault();

    internal IReadOnlyList<DisabledSubject> ListDisabled(in Selector? after, int most) => Sql.Read(
        _connection, SqliteSubjects.Select + " WHERE (issuer, subject) > ($issuer, $subject) ORDER BY issuer, subject LIMIT $most", SqliteSubjects.Read,
        ("$issuer", after?.Issuer ?? ""), ("$subject", after?.Id ?? ""), ("$most", most));

    internal RefreshUse? FindRefreshUse(in TokenHash hash) => Sql.Read(_connection, SqliteRows.SelectRefreshUse, SqliteRows.ReadRefreshUse, ("$hash", hash.ToArray())).FirstOrDefault();

    internal long Ping() => Sql.Scalar(_connection, "SELECT seq FROM head");

    public void Dispose()
    {
        _find.Dispose();
        _connection.Dispose();
    }

    private RevocationMatch? Match(TokenRecord record)
    {
        foreach (var selector in Selector.Of(record))
        {
            var rows = Sql.Read(_connection, SqliteRows.Select + " WHERE kind = $kind AND key = $key ORDER BY seq", SqliteRows.Read, ("$kind", (long)selector.Kind), ("$key", selector.Key));
            if (rows.FirstOrDefault(row => row.Ends(record)) is { } row) return new RevocationMatch(selector.Kind, row.Seq);
        }
        return null;
    }

    private TokenRecord ReadRecord(in TokenHash hash)
    {
        var row = _find.DangerousGetHandle(); // Safe: the statement lives as long as this reader, and one thread uses it.
        return new TokenRecord
        {
            Hash = hash,
            Kind = (TokenKind)SqliteNative.Int64(row, 0),
            ClientId = Shared(row, 1)!,
            Issuer = Shared(row, 2)!,
            Born = SqliteNative.Int64(row, 3),
            IssuedAt = SqliteNative.Int64(row, 4),
            NotBefore = SqliteNative.Int64(row, 5) is not 0 and var notBefore ? notBefore : null,
            ExpiresAt = SqliteNative.Int64(row, 6),
            Subject = Text(row, 7),
            Username = Text(row, 8),
            Scope = _texts.Scope(SqliteNative.Column(row, 9)),
            Audience = _texts.List(SqliteNative.Column(row, 10)),
            Jti = Text(row, 11),
            Grant = Text(row, 12),
            Session = Text(row, 13),
            Tenant = Shared(row, 14),
            Ancestors = Hashes(SqliteNative.Column(row, 15)),
            Lineage = LineageText.Read(SqliteNative.Column(row, 16)),
            GrantExpiresAt = SqliteNative.Int64(row, 17) is not 0 and var grantExpires ? grantExpires : null,
            Confirmation = Json(row, 18),
            Actor = Json(row, 19),
            AuthorizationDetails = Json(row, 20),
            Claims = Json(row, 21),
            BasisIssuedAt = raw.sqlite3_column_type(_find, 22) == raw.SQLITE_NULL ? null : SqliteNative.Int64(row, 22),
        };
    }

    private string? Shared(nint row, int column) => _texts.Text(SqliteNative.Column(row, column));

    private static string? Text(nint row, int column) => SqliteNative.Column(row, column) is { IsEmpty: false } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;

    private static ReadOnlyMemory<byte> Json(nint row, int column) => SqliteNative.Column(row, column) is { IsEmpty: false } bytes ? bytes.ToArray() : default(ReadOnlyMemory<byte>);

    private static IReadOnlyList<TokenHash> Hashes(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? [] : MemoryMarshal.Cast<byte, TokenHash>(bytes).ToArray();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK) throw Failure(result);
    }

    private SqliteException Failure(int result) => new(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), result, raw.sqlite3_extended_errcode(_connection.Handle));
}

using Npgsql;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Rows of the revocation log, and uses of refresh tokens, as columns: a selector's parts stand side by side, so that the database can compare them with a token's.</summary>
internal static class PostgresRows
{
    internal const string Columns = "seq, id, at, kind, name, issuer, tenant, issued_before, forget_after, actor, reason";
    internal const int Count = 11;

    internal const string SelectRefreshUse = "SELECT hash, used_at, grant_id, proof_key, successor, forget_after FROM refresh_uses WHERE hash = $1";

    /// <summary>What the database says of the log beside the rows (<see cref="LogMarks"/>).</summary>
    internal const string Marks = $"(SELECT through FROM forgotten), (SELECT tokens FROM forgotten), coalesce({PostgresLifetime.Longest}, 0)";

    internal static LogMarks ReadMarks(NpgsqlDataReader row, int first) => new(row.GetInt64(first), row.GetInt64(first + 1), row.GetInt64(first + 2));

    internal static RevocationRow Read(NpgsqlDataReader row, int first = 0) => new()
    {
        Seq = row.GetInt64(first),
        Id = row.GetGuid(first + 1),
        At = row.GetInt64(first + 2),
        Selector = SelectorOf(row.GetInt64(first), (SelectorKind)row.GetInt16(first + 3), row.GetString(first + 4), Text(row, first + 5), Text(row, first + 6)),
        IssuedBefore = row.IsDBNull(first + 7) ? null : row.GetInt64(first + 7),
        ForgetAfter = row.GetInt64(first + 8),
        Actor = row.GetString(first + 9),
        Reason = Text(row, first + 10),
    };

    internal static RefreshUse ReadRefreshUse(NpgsqlDataReader row) => new()
    {
        Token = HashOf(row, 0),
        UsedAt = row.GetInt64(1),
        Grant = row.GetString(2),
        ProofKey = Text(row, 3),
        Successor = HashOf(row, 4),
        ForgetAfter = row.GetInt64(5),
    };

    /// <summary>The name in a selector: the hash of a token, or the identifier.</summary>
    internal static string NameOf(in Selector selector) => selector.Kind is SelectorKind.Token ? selector.Hash.ToString() : selector.Id ?? "";

    internal static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    internal static Selector SelectorOf(long seq, SelectorKind kind, string name, string? issuer, string? tenant) => kind switch
    {
        SelectorKind.Token when TokenHash.TryParse(name, out var hash) => Selector.Token(hash),
        SelectorKind.All => Selector.All,
        SelectorKind.Session or SelectorKind.Subject or SelectorKind.Member or SelectorKind.Jwt when issuer is not null => new Selector(kind, default, name, issuer, tenant),
        SelectorKind.Grant or SelectorKind.Client or SelectorKind.Tenant or SelectorKind.Registration => new Selector(kind, default, name),
        _ => throw new StoreException($"Row {seq} of the revocation log can't be read: its kind is not known to this version."),
    };

    internal static TokenHash HashOf(NpgsqlDataReader row, int column = 0) => TokenHash.TryRead(row.GetFieldValue<byte[]>(column), out var hash) ? hash : throw new StoreException("A stored hash can't be read.");

    /// <summary>All keys that sign; <see cref="Key"/> reads each.</summary>
    internal const string Keys = "SELECT kid, algorithm, number, created_at, signs_from, jwk, signs_until, published_until, retired_at, sealed FROM signing_keys ORDER BY algorithm, number";

    internal static StoredKey Key(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt64(3), row.GetInt64(4), row.GetString(5))
    {
        SignsUntil = row.IsDBNull(6) ? null : row.GetInt64(6),
        PublishedUntil = row.IsDBNull(7) ? null : row.GetInt64(7),
        RetiredAt = row.IsDBNull(8) ? null : row.GetInt64(8),
        Sealed = row.IsDBNull(9) ? null : row.GetFieldValue<byte[]>(9),
    };
}

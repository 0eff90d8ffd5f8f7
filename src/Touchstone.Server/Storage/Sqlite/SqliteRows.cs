using Microsoft.Data.Sqlite;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>Rows of the revocation log, and uses of refresh tokens, as columns.</summary>
internal static class SqliteRows
{
    internal const string SelectRefreshUse = "SELECT hash, used_at, grant_id, proof_key, successor, forget_after FROM refresh_uses WHERE hash = $hash";

    internal const string Select = "SELECT seq, id, at, kind, key, issued_before, forget_after, actor, reason FROM revocations";

    internal static RevocationRow Read(SqliteDataReader reader) => new()
    {
        Seq = reader.GetInt64(0),
        Id = reader.GetGuid(1),
        At = reader.GetInt64(2),
        Selector = Selector.TryParse((SelectorKind)reader.GetByte(3), reader.GetString(4), out var selector)
            ? selector
            : throw new StoreException($"Row {reader.GetInt64(0)} of the revocation log can't be read: its kind is not known to this version."),
        IssuedBefore = reader.IsDBNull(5) ? null : reader.GetInt64(5),
        ForgetAfter = reader.GetInt64(6),
        Actor = reader.GetString(7),
        Reason = reader.IsDBNull(8) ? null : reader.GetString(8),
    };

    internal static RefreshUse ReadRefreshUse(SqliteDataReader reader) => new()
    {
        Token = HashOf(reader, 0),
        UsedAt = reader.GetInt64(1),
        Grant = reader.GetString(2),
        ProofKey = reader.IsDBNull(3) ? null : reader.GetString(3),
        Successor = HashOf(reader, 4),
        ForgetAfter = reader.GetInt64(5),
    };

    private static TokenHash HashOf(SqliteDataReader reader, int column) => TokenHash.TryRead((byte[])reader[column], out var hash) ? hash : throw new StoreException("A stored hash can't be read.");
}

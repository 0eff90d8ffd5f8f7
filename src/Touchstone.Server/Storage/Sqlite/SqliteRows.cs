using Microsoft.Data.Sqlite;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>Rows of the revocation log as columns.</summary>
internal static class SqliteRows
{
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
}

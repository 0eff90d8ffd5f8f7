using Microsoft.Data.Sqlite;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>Disabled subjects as columns.</summary>
internal static class SqliteSubjects
{
    internal const string Select = "SELECT issuer, subject, at, actor, reason FROM disabled_subjects";

    internal static DisabledSubject Read(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4));
}

using Microsoft.Data.Sqlite;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The part of the store that is about callers.</summary>
internal sealed partial class SqliteTokenStore : ICallerStore
{
    public Task<bool> UseAssertionAsync(byte[] key, long forgetAfter) => WriteAsync((statements, _) => 1 == Run(
        statements, "INSERT INTO assertions (key, forget_after) VALUES ($key, $forget) ON CONFLICT DO NOTHING", ("$key", key), ("$forget", forgetAfter)));

    public Task SaveSecretUsesAsync(IReadOnlyList<SecretUse> uses) => WriteAsync((statements, _) =>
    {
        foreach (var use in uses)
        {
            Run(
                statements, "INSERT INTO secret_uses (client_id, secret, last_used) VALUES ($client, $secret, $at) ON CONFLICT DO UPDATE SET last_used = max(last_used, excluded.last_used)",
                ("$client", use.ClientId), ("$secret", use.Secret), ("$at", use.LastUsed));
        }
        return true;
    });

    public ValueTask<IReadOnlyList<SecretUse>> LoadSecretUsesAsync() => ValueTask.FromResult(Guarded(() =>
    {
        using var connection = _file.Connect(PagesKilobytes);
        return Sql.Read(connection, "SELECT client_id, secret, last_used FROM secret_uses", row => new SecretUse(row.GetString(0), row.GetString(1), row.GetInt64(2)));
    }));

    private static int Run(SqliteStatements statements, string text, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Sql.Command(statements.Connection, text, parameters);
        return command.ExecuteNonQuery();
    }
}

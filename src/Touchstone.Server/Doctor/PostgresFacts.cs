using System.Text.Json;
using Npgsql;
using Touchstone.Server.Clients;
using Touchstone.Server.Signing;
using Touchstone.Server.Startup;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;

namespace Touchstone.Server.Doctor;

/// <summary>What the checks need of a database in PostgreSQL.</summary>
internal static class PostgresFacts
{
    /// <exception cref="StartupException">It can't be asked.</exception>
    internal static async Task<FolderFacts> ReadAsync(PostgresOptions options)
    {
        try
        {
            await using var database = PostgresDatabase.Open(options);
            await using var connection = await database.ConnectAsync();
            var reading = ReadAsync(connection);
            return await reading.WithinAsync(database.Timeout);
        }
        catch (Exception failed) when (failed is StoreException || PostgresFault.Is(failed))
        {
            throw new StartupException(PostgresFault.Unreadable(failed).Message);
        }
    }

    // A connection has one command under way at a time: the keys come once the rest was read.
    private static async Task<FolderFacts> ReadAsync(NpgsqlConnection connection)
    {
        var (facts, hasKeys) = await ReadTablesAsync(connection);
        return hasKeys ? facts with { SigningKeys = await ReadKeysAsync(connection) } : facts;
    }

    private static async Task<(FolderFacts Facts, bool HasKeys)> ReadTablesAsync(NpgsqlConnection connection)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Ask("SELECT version FROM schema_version");
        batch.Ask("SELECT value FROM settings WHERE name = 'issuer'");
        batch.Ask("SELECT max(at), extract(epoch FROM clock_timestamp())::bigint FROM revocations");
        batch.Ask("SELECT registration FROM clients");
        batch.Ask(PostgresDurability.Query);
        batch.Ask("SELECT to_regclass('signing_keys') IS NOT NULL");
        batch.Ask("SELECT value FROM settings WHERE name = $1", PostgresValue.Text(KeySeals.Setting));
        await batch.SendAsync();
        var schema = (await batch.TakeAsync(row => row.GetInt32(0))).FirstOrDefault();
        var issuer = (await batch.TakeAsync(row => row.GetString(0))).FirstOrDefault();
        var (newest, clock) = (await batch.TakeAsync(row => (row.IsDBNull(0) ? (long?)null : row.GetInt64(0), row.GetInt64(1))))[0];
        var clients = await batch.TakeAsync(row => ClientFacts.Of(JsonSerializer.Deserialize(row.GetString(0), ClientRegistrationJson.Default.ClientRegistration)!));
        var durability = (await batch.TakeAsync(row => PostgresRows.Text(row, 0)))[0];
        var hasKeys = (await batch.TakeAsync(row => row.GetBoolean(0)))[0];
        var secret = (await batch.TakeAsync(row => row.GetString(0))).FirstOrDefault();
        await batch.EndAsync();
        return (new FolderFacts(schema, issuer, newest, clients) { Clock = clock, Durability = durability, IsShared = true, SigningSecret = secret }, hasKeys);
    }

    private static async Task<IReadOnlyList<StoredKey>> ReadKeysAsync(NpgsqlConnection connection)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Ask(PostgresRows.Keys);
        await batch.SendAsync();
        var keys = await batch.TakeAsync(PostgresRows.Key);
        await batch.EndAsync();
        return keys;
    }
}

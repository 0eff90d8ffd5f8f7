using System.Text.Json;
using Microsoft.Data.Sqlite;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Settings;
using Touchstone.Server.Startup;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Storage.Sqlite;

namespace Touchstone.Server.Doctor;

/// <summary>The checks that an operator makes before production, of a data folder and of the settings it is served with. It changes nothing and may run beside the server.</summary>
public static class ServerDoctor
{
    /// <summary>Every check, in the order of the page.</summary>
    /// <exception cref="StartupException">There is no data folder to look at.</exception>
    public static IReadOnlyList<DoctorCheck> Examine(ServerConfiguration configuration, TimeProvider time)
    {
        var data = configuration.Options.Data;
        var facts = FolderFacts.Read(data, configuration.Options.Postgres);
        var now = time.GetUtcNow();
        return
        [
            Settings(configuration),
            .. TlsChecks.Of(configuration, now),
            FileChecks.Modes(data),
            .. DiskChecks.Of(data, time),
            Schema(facts.Schema, facts.IsShared ? PostgresMigrations.Newest : Migrations.Newest),
            Durability(facts),
            HostChecks.Clock(facts.NewestTime, facts.Clock, now),
            HostChecks.OpenFiles(data),
            LimitChecks.Of(configuration.Options, facts.Clients),
            .. ClientChecks.Of(facts.Clients, configuration.Options.Demo || File.Exists(Path.Combine(data, "demo.json")), facts.Issuer, now),
            Audit(data, configuration.Options.Postgres.Connection),
            FileChecks.Keys(data, facts.Clients.Any(client => client.IsSealed)),
            SigningChecks.Of(configuration.Options, facts, now),
        ];
    }

    private static DoctorCheck Settings(ServerConfiguration configuration) => configuration.Errors is { Count: > 0 } errors
        ? DoctorCheck.Fail("settings", string.Join(' ', errors), "'touchstone config check' tells them one by one.")
        : DoctorCheck.Ok("settings", "The settings are valid.");

    private static DoctorCheck Schema(int version, int newest) => version == newest
        ? DoctorCheck.Ok("schema", $"The database is of schema {version}, the newest.")
        : version < newest
            ? DoctorCheck.Warn("schema", $"The database is of schema {version}; this version of touchstone brings it to {newest} at its next start.", "Back it up before: an older version can't read it afterwards.")
            : DoctorCheck.Fail("schema", $"The database is of schema {version}, and this version of touchstone knows schemas up to {newest}.", "Use the version that wrote it, or a newer one.");

    private static DoctorCheck Durability(FolderFacts facts) => facts switch
    {
        { IsShared: false } => DoctorCheck.Skipped("durability", "The database is one file on one disk: what was acknowledged is as safe as that disk."),
        { Durability: { } missing } => DoctorCheck.Warn("durability", $"PostgreSQL has a weakness: {missing}.", "Set synchronous_standby_names, with two standbys that may take the part: else a failover can lose revocations that were acknowledged."),
        _ => DoctorCheck.Ok("durability", "A commit returns when a synchronous standby has it too."),
    };

    private static DoctorCheck Audit(string data, string? postgres)
    {
        try
        {
            var report = AuditVerification.Verify(data, postgres: postgres);
            if (report.Findings is [var first, ..]) return DoctorCheck.Fail("audit", $"{report.Findings.Count} findings, the first in {first.Chain}: {first.What}.", "'touchstone audit verify' lists them all. Somebody may have changed the audit: treat it as an incident.");
            return DoctorCheck.Ok("audit", $"{report.Chains.Sum(chain => chain.Records)} records in {report.Chains.Count} chains are whole.");
        }
        catch (StartupException unreadable)
        {
            return DoctorCheck.Fail("audit", unreadable.Message, "Make the folder readable for who runs this.");
        }
    }
}

/// <summary>What the checks need of a database.</summary>
internal sealed record FolderFacts(int Schema, string? Issuer, long? NewestTime, IReadOnlyList<ClientFacts> Clients)
{
    /// <summary>Whether the database is not a file of the folder, and may be used by other nodes.</summary>
    internal bool IsShared { get; init; }

    /// <summary>The signing keys that are stored.</summary>
    internal IReadOnlyList<StoredKey> SigningKeys { get; init; } = [];

    /// <summary>What they are encrypted with where nodes share a database and no file was named; null where there is none.</summary>
    internal string? SigningSecret { get; init; }

    /// <summary>The database's own clock, where it has one; seconds since 1970.</summary>
    internal long? Clock { get; init; }

    /// <summary>What is missing so that no machine's loss can lose what was acknowledged.</summary>
    internal string? Durability { get; init; }

    /// <exception cref="StartupException">There is nothing to look at.</exception>
    internal static FolderFacts Read(string data, PostgresOptions postgres)
    {
        if (postgres.Connection is null) return Read(data);
        if (!Directory.Exists(data)) throw new StartupException($"There is no data folder {data}. Name that of this node with --data.");
        return PostgresFacts.ReadAsync(postgres).GetAwaiter().GetResult();
    }

    private static FolderFacts Read(string data)
    {
        using var database = SqliteFile.OpenToRead(data);
        try
        {
            return Read(database);
        }
        catch (Exception error) when (error is SqliteException or JsonException or FormatException)
        {
            throw new StartupException($"The database in {data} can't be read: {error.Message}");
        }
    }

    private static FolderFacts Read(SqliteConnection database)
    {
        var issuer = Sql.Read(database, "SELECT value FROM settings WHERE name = 'issuer'", row => row.GetString(0)).FirstOrDefault();
        var started = Sql.Read(database, "SELECT value FROM settings WHERE name = 'started_at'", row => DateTimeOffset.Parse(row.GetString(0), null).ToUnixTimeSeconds()).FirstOrDefault();
        var revoked = Sql.Read(database, "SELECT max(at) FROM revocations", row => row.IsDBNull(0) ? 0 : row.GetInt64(0))[0];
        var clients = Sql.Read(database, "SELECT registration FROM clients", row => JsonSerializer.Deserialize(row.GetString(0), ClientRegistrationJson.Default.ClientRegistration)!);
        return new FolderFacts((int)Sql.Scalar(database, "PRAGMA user_version"), issuer, Math.Max(started, revoked) is var newest and > 0 ? newest : null, [.. clients.Select(ClientFacts.Of)])
        {
            SigningKeys = Sql.Scalar(database, "SELECT count(*) FROM sqlite_master WHERE name = 'signing_keys'") == 0 ? [] : SqliteReader.ReadKeys(database),
        };
    }
}

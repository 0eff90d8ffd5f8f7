using System.Text.Json;
using Microsoft.Data.Sqlite;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Settings;
using Touchstone.Server.Startup;
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
        if (configuration.Options.Postgres.Connection is not null) throw new StartupException("This looks into a data folder with its own database; of a server on PostgreSQL, check the server from outside with --server.");
        using var database = SqliteFile.OpenToRead(data);
        var facts = FolderFacts.Read(data, database);
        var now = time.GetUtcNow();
        return
        [
            Settings(configuration),
            .. TlsChecks.Of(configuration, now),
            FileChecks.Modes(data),
            .. DiskChecks.Of(data, time),
            Schema(facts.Schema),
            HostChecks.Clock(facts.NewestTime, now),
            HostChecks.OpenFiles(data),
            .. ClientChecks.Of(facts.Clients, configuration.Options.Demo || File.Exists(Path.Combine(data, "demo.json")), facts.Issuer, now),
            Audit(data),
            FileChecks.Keys(data),
        ];
    }

    private static DoctorCheck Settings(ServerConfiguration configuration) => configuration.Errors is { Count: > 0 } errors
        ? DoctorCheck.Fail("settings", string.Join(' ', errors), "'touchstone config check' tells them one by one.")
        : DoctorCheck.Ok("settings", "The settings are valid.");

    private static DoctorCheck Schema(int version) => version == Migrations.Newest
        ? DoctorCheck.Ok("schema", $"The database is of schema {version}, the newest.")
        : version < Migrations.Newest
            ? DoctorCheck.Warn("schema", $"The database is of schema {version}; this version of touchstone brings it to {Migrations.Newest} at its next start.", "Back it up before: an older version can't read it afterwards.")
            : DoctorCheck.Fail("schema", $"The database is of schema {version}, and this version of touchstone knows schemas up to {Migrations.Newest}.", "Use the version that wrote it, or a newer one.");

    private static DoctorCheck Audit(string data)
    {
        try
        {
            var report = AuditVerification.Verify(data);
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
    internal static FolderFacts Read(string data, SqliteConnection database)
    {
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
        return new FolderFacts((int)Sql.Scalar(database, "PRAGMA user_version"), issuer, Math.Max(started, revoked) is var newest and > 0 ? newest : null, [.. clients.Select(ClientFacts.Of)]);
    }
}

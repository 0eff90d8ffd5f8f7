using System.Text.Json;
using Touchstone.Server.Clients;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Doctor;

/// <summary>What the checks need to know of a client, from the store or from the admin API.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="IsEnabled">Whether it may do anything.</param>
/// <param name="Secrets">Its secrets: when each was made and ends, in seconds since 1970.</param>
public sealed record ClientFacts(string Id, bool IsEnabled, IReadOnlyList<(long CreatedAt, long? ExpiresAt)> Secrets)
{
    /// <summary>The rate that it was registered with, 0 for none; null for the server's default.</summary>
    internal int? Rate { get; private init; }

    /// <summary>Whether a secret of it can be read by who has <c>secrets.key</c>, and by nobody else.</summary>
    internal bool IsSealed { get; private init; }

    internal static ClientFacts Of(ClientRegistration client) => new(client.ClientId, client.Enabled, [.. client.Secrets.Select(secret => (secret.CreatedAt, secret.ExpiresAt))])
    {
        Rate = client.Limits?.Rate, IsSealed = client.Secrets.Any(secret => secret.Sealed is not null),
    };

    /// <summary>Reads one of <c>GET /admin/clients</c>.</summary>
    public static ClientFacts Of(JsonElement client) => new(
        client.GetProperty("client_id").GetString()!,
        client.GetProperty("enabled").GetBoolean(),
        [.. client.GetProperty("secrets").EnumerateArray().Select(secret => (secret.GetProperty("created_at").GetInt64(), secret.TryGetProperty("expires_at", out var end) && end.ValueKind is JsonValueKind.Number ? end.GetInt64() : (long?)null))]);
}

/// <summary>Checks of the registrations.</summary>
public static class ClientChecks
{
    private const int Named = 5;
    private static readonly TimeSpan OldSecret = TimeSpan.FromDays(365);
    private static readonly string[] DemoClients = [DemoData.ResourceServerId, DemoData.ClientId];

    /// <summary>Secrets' age, overlaps without an end, and what <c>--demo</c> left.</summary>
    public static IReadOnlyList<DoctorCheck> Of(IReadOnlyList<ClientFacts> clients, bool isDemo, string? issuer, DateTimeOffset now) =>
        [Age(clients, now.ToUnixTimeSeconds()), Overlaps(clients, now.ToUnixTimeSeconds()), Demo(clients, isDemo, issuer)];

    private static DoctorCheck Age(IReadOnlyList<ClientFacts> clients, long now)
    {
        var valid = clients.Where(client => client.IsEnabled).Select(client => (client.Id, Secrets: client.Secrets.Where(secret => secret.ExpiresAt is not { } end || end > now).ToArray())).ToArray();
        var endless = valid.Count(client => client.Secrets.Any(secret => secret.ExpiresAt is null));
        var old = valid.Where(client => client.Secrets.Any(secret => now - secret.CreatedAt > OldSecret.TotalSeconds)).Select(client => client.Id).ToArray();
        return old.Length > 0
            ? DoctorCheck.Warn("secrets", $"{Count(old.Length, "client has", "clients have")} a secret older than a year: {List(old)}.", "'touchstone client rotate-secret ID' makes a new one; the old one works on for the time of --overlap.")
            : DoctorCheck.Ok("secrets", $"No secret is older than a year. {Count(endless, "client has", "clients have")} one without an end date: rotate them in time.");
    }

    private static DoctorCheck Overlaps(IReadOnlyList<ClientFacts> clients, long now)
    {
        // Two that never end: whoever learned the old one keeps it.
        var open = clients.Where(client => client.IsEnabled && client.Secrets.Count(secret => secret.ExpiresAt is null) > 1).Select(client => client.Id).ToArray();
        var running = clients.Count(client => client.IsEnabled && client.Secrets.Any(secret => secret.ExpiresAt > now));
        return open.Length > 0
            ? DoctorCheck.Warn("rotations", $"{Count(open.Length, "client has", "clients have")} two secrets without an end date: {List(open)}.", "Rotate with --overlap, so that the old secret ends.")
            : DoctorCheck.Ok("rotations", $"{Count(running, "rotation is", "rotations are")} under way, and each old secret has an end.");
    }

    private static DoctorCheck Demo(IReadOnlyList<ClientFacts> clients, bool isDemo, string? issuer)
    {
        var enabled = clients.Where(client => client.IsEnabled && DemoClients.Contains(client.Id)).Select(client => client.Id).ToArray();
        if (enabled.Length == 0 && !isDemo) return DoctorCheck.Ok("demo", "There are no demo clients.");
        var what = enabled.Length > 0 ? $"The demo clients {List(enabled)} are enabled, and their secrets stand in demo.json." : "The folder holds demo.json, with secrets in clear.";
        var isLocal = issuer is not null && Uri.TryCreate(issuer, UriKind.Absolute, out var url) && ServerOptionsRules.IsLoopback(url);
        const string Advice = "Begin with a new data folder, or disable the demo clients ('touchstone client disable ID'), delete demo.json and start without --demo.";
        return isLocal ? DoctorCheck.Warn("demo", what, Advice) : DoctorCheck.Fail("demo", what, Advice);
    }

    private static string Count(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count} {many}";

    private static string List(string[] names) => string.Join(", ", names.Order(StringComparer.Ordinal).Take(Named)) + (names.Length > Named ? $" and {names.Length - Named} more" : "");
}

using System.Globalization;
using System.Text.Json;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Audit;

/// <summary>How often one caller asked from one address.</summary>
/// <param name="Caller">The caller.</param>
/// <param name="Address">Where it asked from; null when that was not recorded.</param>
/// <param name="Count">How many recorded introspections there are.</param>
/// <param name="Last">The newest of them, in milliseconds since 1970.</param>
public sealed record ImpactLine(string Caller, string? Address, long Count, long Last);

/// <summary>What a revocation reached, as far as the audit knows.</summary>
/// <param name="Revocation">The record of the revocation.</param>
/// <param name="AcceptedBefore">Who was told before that a matching token is active.</param>
/// <param name="RefusedSince">Who was refused since because of it.</param>
/// <param name="NotRecorded">What the audit can't know, each in a sentence.</param>
public sealed record Impact(JsonElement Revocation, IReadOnlyList<ImpactLine> AcceptedBefore, IReadOnlyList<ImpactLine> RefusedSince, IReadOnlyList<string> NotRecorded);

/// <summary>Answers from the audit: who used what a revocation ended, and who still tries.</summary>
public static class AuditImpact
{
    /// <summary>The impact of a revocation, by its number or its id; null when the audit has no record of it.</summary>
    /// <exception cref="StartupException">There is nothing that could be read.</exception>
    public static Impact? Of(string data, string revocation, string? postgres = null)
    {
        if (Find(data, revocation, postgres) is not { } row) return null;
        var selector = Text(row, "selector")!;
        // A member is a subject within a tenant: both have to meet.
        string[] names = selector == "member" ? ["subject", "tenant"] : [selector];
        var isKnown = names.All(name => Text(row, name) is not null);
        var seq = row.GetProperty("revocation").GetInt64();
        var at = row.GetProperty("at").GetInt64();
        var accepted = new Dictionary<(string, string?), ImpactLine>();
        var refused = new Dictionary<(string, string?), ImpactLine>();
        using var query = AuditQuery.Open(data, new AuditFilter { Kinds = [AuditKind.Introspected, AuditKind.Gap, AuditKind.Retention, AuditKind.SettingChanged] }, postgres);
        var notes = new Notes(query.OtherNodes());
        if (!isKnown && selector != "all") notes.Add($"The {selector} is not recorded (Audit:Privacy), so what was accepted before can't be told.");

        foreach (var record in query.All())
        {
            if (notes.Read(record)) continue;
            if (Text(record, "outcome") == "active" && record.GetProperty("at").GetInt64() <= at && (selector == "all" || (isKnown && names.All(name => Text(record, name) == Text(row, name))))) Count(accepted, record);
            else if (record.TryGetProperty("revocation", out var because) && because.GetInt64() == seq) Count(refused, record);
        }
        return new Impact(row, Sorted(accepted), Sorted(refused), notes.All);
    }

    private static JsonElement? Find(string data, string revocation, string? postgres)
    {
        using var query = AuditQuery.Open(data, new AuditFilter { Kinds = [AuditKind.Revoked] }, postgres);
        foreach (var record in query.All())
        {
            if (Text(record, "id") == revocation || record.GetProperty("revocation").GetInt64().ToString(CultureInfo.InvariantCulture) == revocation) return record;
        }
        return null;
    }

    private static void Count(Dictionary<(string, string?), ImpactLine> lines, JsonElement record)
    {
        var key = (Text(record, "actor") ?? "", Text(record, "address"));
        var count = lines.TryGetValue(key, out var line) ? line.Count : 0;
        lines[key] = new ImpactLine(key.Item1, key.Item2, count + 1, record.GetProperty("at").GetInt64());
    }

    private static ImpactLine[] Sorted(Dictionary<(string, string?), ImpactLine> lines) => [.. lines.Values.OrderByDescending(line => line.Count).ThenBy(line => line.Caller, StringComparer.Ordinal)];

    private static string? Text(JsonElement record, string name) => record.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    /// <summary>What was not recorded, as the audit itself tells: how the server was set, what it had to drop, what it let go.</summary>
    private sealed class Notes
    {
        private readonly HashSet<string> _all = [];
        private readonly IReadOnlySet<string> _others;
        private long _dropped;

        internal Notes(IReadOnlySet<string> others)
        {
            _others = others;
            if (others.Count > 0) Add($"The introspections of other nodes lie in their own data folders and are not counted here: {string.Join(", ", others.Order(StringComparer.Ordinal))}.");
        }

        internal IReadOnlyList<string> All => _dropped == 0 ? [.. _all] : [.. _all, string.Create(CultureInfo.InvariantCulture, $"{_dropped} records could not be kept (gap records tell when).")];

        internal void Add(string note) => _all.Add(note);

        // True for every record that is no introspection.
        internal bool Read(JsonElement record)
        {
            var kind = Text(record, "kind");
            if (kind == AuditKind.Introspected) return false;
            if (_others.Contains(AuditChain.NodeOf(Text(record, "chain") ?? ""))) return true;
            switch (kind)
            {
                case AuditKind.Gap:
                    _dropped += record.GetProperty("dropped").GetInt64();
                    break;
                case AuditKind.Retention:
                    if (record.TryGetProperty("changes_through", out _)) Add("Records older than the retention are gone.");
                    break;
            }
            // At a start, and again where the record of it leaves.
            if (Text(record, "value") is { } mode)
            {
                if (mode == "sampled") Add(string.Create(CultureInfo.InvariantCulture, $"While the audit was set to sampled, one of {record.GetProperty("one_in").GetInt64()} active answers was recorded: multiply what was accepted."));
                if (mode == "refused") Add("While the audit was set to refused, active answers were not recorded.");
                if (mode == "off") Add("While the audit was off, no introspection was recorded.");
            }
            return true;
        }
    }
}

using System.Globalization;
using System.Text.Json;
using Touchstone.Client;

namespace Touchstone.Sidecar.Overrides;

/// <summary>An override as JSON, in the words of the file.</summary>
internal static class OverrideJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    internal static string? NameOf(FailMode? mode) => mode switch
    {
        FailMode.FailClosed => "closed",
        FailMode.StaleIfError => "stale_if_error",
        FailMode.FailOpen => "open",
        _ => null,
    };

    /// <summary>Reads one; null, and why, where it is none.</summary>
    internal static (PolicyOverride? Override, string? Fault) Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var json = JsonElement.Parse(body, Strict);
            if (json.ValueKind is not JsonValueKind.Object) return (null, "Send a JSON object.");
            var (rule, time, read) = ((string?)null, (double?)null, new PolicyOverride { Rule = "", For = default });
            foreach (var member in json.EnumerateObject())
            {
                var (value, text) = (member.Value, member.Value.ValueKind is JsonValueKind.String ? member.Value.GetString() : null);
                switch (member.Name)
                {
                    case "rule" when text is not null: rule = text; break;
                    case "reason" when text is not null: read = read with { Reason = text }; break;
                    case "fail_mode" when ModeOf(text) is { } mode: read = read with { FailMode = mode }; break;
                    case "for_seconds" when SecondsOf(value) is { } seconds: time = seconds; break;
                    case "max_ttl_seconds" when SecondsOf(value) is { } seconds: read = read with { MaxTtl = TimeSpan.FromSeconds(seconds) }; break;
                    default: return (null, $"'{(member.Name.Length > 40 ? member.Name[..40] : member.Name)}' is not known, or not what it has to be: rule and reason are texts, fail_mode is closed, stale_if_error or open, for_seconds and max_ttl_seconds are numbers.");
                }
            }
            return rule is null || time is null ? (null, "Give rule and for_seconds.") : (read with { Rule = rule, For = TimeSpan.FromSeconds(time.Value) }, null);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return (null, "Send a JSON object, each member once."); // The reader has no other way to say it.
        }
    }

    internal static void Write(Utf8JsonWriter json, PolicyOverride policy, DateTimeOffset until)
    {
        json.WriteString("rule"u8, policy.Rule);
        json.WriteString("until"u8, until.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        if (NameOf(policy.FailMode) is { } mode) json.WriteString("fail_mode"u8, mode);
        if (policy.MaxTtl is { } ttl) json.WriteNumber("max_ttl_seconds"u8, ttl.TotalSeconds);
        if (policy.Reason is { } reason) json.WriteString("reason"u8, reason);
    }

    private static FailMode? ModeOf(string? text) => text switch { "closed" => FailMode.FailClosed, "stale_if_error" => FailMode.StaleIfError, "open" => FailMode.FailOpen, _ => null };

    // What is larger is told by its range.
    private static double? SecondsOf(JsonElement value) => value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var seconds) && Math.Abs(seconds) < 1e9 ? seconds : null;
}

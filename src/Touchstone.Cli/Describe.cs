using System.Globalization;
using System.Text.Json;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Cli;

/// <summary>JSON members as people read them: safe for a terminal, and times with their distance from now.</summary>
internal static class Describe
{
    private static readonly HashSet<string> Times = ["exp", "iat", "nbf", "at", "auth_time", "created_at", "disabled_at", "expires_at", "grant_exp", "last_used_at", "published_until", "retired_at", "signs_from", "signs_until"];

    /// <summary>Name and lines of every member that has a value.</summary>
    internal static IEnumerable<(string Name, string[] Lines)> Members(JsonElement json, DateTimeOffset now)
    {
        foreach (var member in json.EnumerateObject())
            if (member.Value.ValueKind != JsonValueKind.Null) yield return (SafeText.Of(member.Name), Lines(member.Name, member.Value, now));
    }

    internal static string Time(long seconds, DateTimeOffset now)
    {
        // Beyond the calendar it is no time; show what was sent.
        if (seconds < 0 || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds()) return seconds.ToString(CultureInfo.InvariantCulture);

        var time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return $"{time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)} ({Distance(seconds - now.ToUnixTimeSeconds())})";
    }

    internal static string Text(JsonElement json, string member) =>
        json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    internal static bool Is(JsonElement json, string member) => json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.True;

    internal static IEnumerable<string> Strings(JsonElement json, string member) =>
        json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!) : [];

    private static string Distance(long seconds)
    {
        var (count, unit) = Math.Abs(seconds) switch
        {
            < 60 and var s => (s, "s"),
            < 3_600 and var s => (s / 60, "min"),
            < 2 * 86_400 and var s => (s / 3_600, "h"),
            var s => (s / 86_400, "d"),
        };
        return seconds > 0 ? $"in {count} {unit}" : seconds < 0 ? $"{count} {unit} ago" : "now";
    }

    private static string[] Lines(string name, JsonElement value, DateTimeOffset now)
    {
        if (value.ValueKind != JsonValueKind.Array) return [Scalar(name, value, now)];
        return value.GetArrayLength() == 0 ? ["-"] : [.. value.EnumerateArray().Select(item => Item(item, now))];
    }

    private static string Item(JsonElement item, DateTimeOffset now) => item.ValueKind == JsonValueKind.Object
        ? string.Join(", ", Members(item, now).Select(member => $"{member.Name} {string.Join(' ', member.Lines)}"))
        : Scalar("", item, now);

    private static string Scalar(string name, JsonElement value, DateTimeOffset now) => value.ValueKind switch
    {
        JsonValueKind.String when name == "selector" => SafeText.Of(Selected(value.GetString()!)),
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? SafeText.Of(text) : "-",
        JsonValueKind.Number when Times.Contains(name) && value.TryGetInt64(out var seconds) => Time(seconds, now),
        _ => SafeText.Of(value.GetRawText()),
    };

    // KIND:KEY, where issuer and tenant stand before the identifier, each after its length.
    private static string Selected(string selector)
    {
        var colon = selector.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !Enum.TryParse<SelectorKind>(selector[..colon], ignoreCase: true, out var kind) || !Selector.TryParse(kind, selector[(colon + 1)..], out var named) || named.Issuer is null) return selector;
        return $"{selector[..colon]} {named.Id} of {(named.Group is null ? "" : $"tenant {named.Group}, ")}{named.Issuer}";
    }
}

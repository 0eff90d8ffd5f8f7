using System.Text.Json;

namespace Touchstone.Server.Audit;

/// <summary>Which members of a JSON object are different, by name.</summary>
internal static class AuditDifference
{
    internal static IReadOnlyList<string> Members(string? before, string after)
    {
        using var old = JsonDocument.Parse(before ?? "{}");
        using var changed = JsonDocument.Parse(after);
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var member in old.RootElement.EnumerateObject())
        {
            if (!changed.RootElement.TryGetProperty(member.Name, out var value) || !JsonElement.DeepEquals(value, member.Value)) names.Add(member.Name);
        }
        foreach (var member in changed.RootElement.EnumerateObject())
        {
            if (!old.RootElement.TryGetProperty(member.Name, out _)) names.Add(member.Name);
        }
        return [.. names];
    }
}

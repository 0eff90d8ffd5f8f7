using System.Text.Json;

namespace Touchstone.Sidecar.Rules;

/// <summary>What becomes of a request, and why: the same judgement as at a real one, told for people.</summary>
/// <param name="IsAllowed">Whether it passes; null where that needs a token, and none was given.</param>
/// <param name="Reason">What decided.</param>
/// <param name="Rule">The rule that matched; null where none did.</param>
/// <param name="Path">The path as it was compared; null where it has no such form.</param>
/// <param name="Requirements">What the rule asks for. Without a token none is met.</param>
/// <param name="Headers">What the service behind would be told, where the request passes.</param>
internal sealed record Explanation(bool? IsAllowed, string Reason, Rule? Rule, RequestPath? Path, IReadOnlyList<Requirement> Requirements, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    private static readonly JsonElement NoClaims = JsonElement.Parse("{}");

    /// <summary>Explains one request.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="method">As it stands in the request line.</param>
    /// <param name="authority">The host, perhaps with a port.</param>
    /// <param name="target">Path and query, as the client sends them.</param>
    /// <param name="claims">What the authorization server says of the token; null: none was given.</param>
    /// <param name="now">In seconds since 1970.</param>
    internal static Explanation Of(RuleSet rules, string method, string authority, string target, JsonElement? claims, long now)
    {
        if (!RequestHost.TryParse(authority, out var host)) return Refused("the host is no host name", null);
        if (!RequestPath.TryParse(target, out var path, out var fault)) return Refused($"the path is ambiguous: {fault}", null);
        if (rules.Find(method, host, path) is not { } rule) return Refused("no rule matches", path);
        if (rule.IsOpen) return new Explanation(true, "the rule lets anybody pass", rule, path, [], []);
        var requirements = RuleRequirements.Of(rule, claims ?? NoClaims, now).ToArray();
        if (claims is not { } known) return new Explanation(null, "an active token is needed", rule, path, requirements, []);
        if (!IsActive(known)) return new Explanation(false, "the token is not active", rule, path, requirements, []);
        var unmet = requirements.Where(static requirement => !requirement.IsMet).ToArray();
        return unmet.Length > 0
            ? new Explanation(false, $"it is not so that {unmet[0].Text}", rule, path, requirements, [])
            : new Explanation(true, "the token meets all that the rule asks for", rule, path, requirements, [.. rule.Headers.Select(header => KeyValuePair.Create(header.Name, header.ValueOf(known)))]);
    }

    // Claims written by hand may leave it out.
    private static bool IsActive(JsonElement claims) => !claims.TryGetProperty("active", out var active) || active.ValueKind is JsonValueKind.True;

    private static Explanation Refused(string reason, RequestPath? path) => new(false, reason, null, path, [], []);
}

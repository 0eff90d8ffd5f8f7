using System.Text.Json;

namespace Touchstone.Sidecar.Rules;

/// <summary>One thing that a rule asks for.</summary>
/// <param name="Text">In words.</param>
/// <param name="IsMet">Whether the token meets it.</param>
internal readonly record struct ExplainedRequirement(string Text, bool IsMet);

/// <summary>What becomes of a request, and why: the same judgement as at a real one, told for people.</summary>
/// <param name="IsAllowed">Whether it passes; null where that needs a token, and none was given, or a policy, which is not asked here.</param>
/// <param name="Reason">What decided.</param>
/// <param name="Rule">The rule that matched; null where none did.</param>
/// <param name="Path">The path as it was compared; null where it has no such form.</param>
/// <param name="Requirements">What the rule asks for. Without a token none is met.</param>
/// <param name="Headers">What the service behind would be told, where the request passes.</param>
internal sealed record Explanation(bool? IsAllowed, string Reason, Rule? Rule, RequestPath? Path, IReadOnlyList<ExplainedRequirement> Requirements, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>Whether all is well as far as the file says, and a policy decides.</summary>
    internal bool IsUpToPolicy { get; private init; }

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
        if (!RequestMethod.IsPlain(method)) return Refused("the method is ambiguous: methods are written in capitals", null);
        if (!RequestHost.TryParse(authority, out var host)) return Refused("the host is no host name", null);
        if (!RequestPath.TryParse(target, out var path, out var fault)) return Refused($"the path is ambiguous: {fault}", null);
        if (rules.Find(method, host, path, out var isAmbiguous) is not { } rule) return Refused(isAmbiguous ? "the path is ambiguous: in another case, or with or without the slash at its end, it is that of a rule that comes earlier" : "no rule matches", path);
        if (rule.IsOpen) return new Explanation(true, "the rule lets anybody pass", rule, path, [], []);
        var requirements = rule.Requirements.All.Select(requirement => new ExplainedRequirement(requirement.Text, requirement.IsMet(claims ?? NoClaims, now))).ToArray();
        if (claims is not { } known) return new Explanation(null, "an active token is needed", rule, path, requirements, []);
        if (IsOver(known, now)) return new Explanation(false, "the token is not active: its exp is over, or its nbf to come", rule, path, requirements, []);
        if (IsBound(known)) return new Explanation(false, "the token is bound to a certificate or a key, and the sidecar can't see who shows that", rule, path, requirements, []);
        if (!IsActive(known)) return new Explanation(false, "the token is not active", rule, path, requirements, []);
        var unmet = requirements.Where(static requirement => !requirement.IsMet).ToArray();
        if (unmet.Length > 0) return new Explanation(false, $"it is not so that {unmet[0].Text}", rule, path, requirements, []);
        return rule.OpaPath is not null
            ? new Explanation(null, "the token meets all that the rule asks for, and the policy has the last word", rule, path, requirements, [.. rule.Headers.Select(header => KeyValuePair.Create(header.Name, header.ValueOf(known)))]) { IsUpToPolicy = true }
            : new Explanation(true, "the token meets all that the rule asks for", rule, path, requirements, [.. rule.Headers.Select(header => KeyValuePair.Create(header.Name, header.ValueOf(known)))]);
    }

    // Claims written by hand may leave it out.
    private static bool IsActive(JsonElement claims) => !claims.TryGetProperty("active", out var active) || active.ValueKind is JsonValueKind.True;

    private static bool IsOver(JsonElement claims, long now) =>
        (claims.TryGetProperty("exp", out var exp) && exp.ValueKind is JsonValueKind.Number && exp.GetDouble() <= now) || (claims.TryGetProperty("nbf", out var nbf) && nbf.ValueKind is JsonValueKind.Number && nbf.GetDouble() > now);

    private static bool IsBound(JsonElement claims) =>
        (claims.TryGetProperty("cnf", out var cnf) && cnf.ValueKind is not JsonValueKind.Null) || (claims.TryGetProperty("token_type", out var type) && type.ValueKind is JsonValueKind.String && "DPoP".Equals(type.GetString(), StringComparison.OrdinalIgnoreCase));

    private static Explanation Refused(string reason, RequestPath? path) => new(false, reason, null, path, [], []);
}

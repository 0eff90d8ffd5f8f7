using System.Text.Json;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.ForwardAuth;

namespace Touchstone.Sidecar.Rules;

/// <summary>One thing that a rule asks for.</summary>
/// <param name="Text">In words.</param>
/// <param name="IsMet">Whether the token meets it.</param>
internal readonly record struct ExplainedRequirement(string Text, bool IsMet);

/// <summary>What becomes of a request, and why: the same judgement as at a real one, told for people.</summary>
/// <param name="IsAllowed">Whether it passes; null where that needs a token, and none was given, or a policy, which is not asked here.</param>
/// <param name="Code">The word of <c>Touchstone-Reason</c>; null where a policy decides.</param>
/// <param name="Reason">What decided.</param>
/// <param name="Rule">The rule that matched; null where none did.</param>
/// <param name="Path">The path as it was compared; null where it has no such form.</param>
/// <param name="Requirements">What the rule asks for. Without a token none is met.</param>
/// <param name="Headers">What the service behind would be told, where the request passes.</param>
internal sealed record Explanation(bool? IsAllowed, string? Code, string Reason, Rule? Rule, RequestPath? Path, IReadOnlyList<ExplainedRequirement> Requirements, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    private static readonly JsonElement NoClaims = JsonElement.Parse("{}");

    /// <summary>What proxies other than nginx are answered; null where a policy decides.</summary>
    internal int? Status { get; private init; }

    /// <summary>Whether all is well as far as the file says, and a policy decides.</summary>
    internal bool IsUpToPolicy => Code is null;

    /// <summary>Where no rule matches: those that nearly do.</summary>
    internal IReadOnlyList<string> NearMisses { get; private init; } = [];

    /// <summary>Explains one request.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="method">As it stands in the request line.</param>
    /// <param name="authority">The host, perhaps with a port.</param>
    /// <param name="target">Path and query, as the client sends them.</param>
    /// <param name="claims">What the authorization server says of the token; null: none was given.</param>
    /// <param name="now">In seconds since 1970.</param>
    internal static Explanation Of(RuleSet rules, string method, string authority, string target, JsonElement? claims, long now)
    {
        if (!RequestMethod.IsPlain(method)) return Refused(Verdict.Malformed, "ambiguous_method", "the method is ambiguous: methods are written in capitals");
        if (!RequestHost.TryParse(authority, out var host)) return Refused(Verdict.Malformed, "ambiguous_host", "the host is no host name");
        if (!RequestPath.TryParse(target, out var path, out var fault)) return Refused(Verdict.Malformed, "ambiguous_path", $"the path is ambiguous: {fault}");
        if (rules.Find(method, host, path, out var isAmbiguous) is not { } rule)
        {
            if (!isAmbiguous) return Refused(Verdict.NoRule, "no_rule", "no rule matches", path) with { NearMisses = Misses.Of(rules, method, host, path) };
            var earlier = rules.All.First(other => !other.IsOpen && other.Matches(method, host, path, isLoose: true));
            return Refused(Verdict.Malformed, "ambiguous_path", $"the path is ambiguous: in another case, or with or without the slash at its end, it is that of rule '{earlier.Name}', line {earlier.Line}, which comes earlier", path);
        }
        if (rule.IsOpen) return new Explanation(true, "anybody", "the rule lets anybody pass", rule, path, [], []) { Status = ProxyAdapter.UsualStatusOf(Verdict.Allowed) };
        var requirements = rule.Requirements.All.Select(requirement => new ExplainedRequirement(requirement.Text, requirement.IsMet(claims ?? NoClaims, now))).ToArray();
        if (claims is not { } known) return Judged(null, Verdict.NoToken, "no_token", "an active token is needed");
        if (!IsActive(known)) return Judged(false, Verdict.InvalidToken, "inactive", "the token is not active");
        if (IsOver(known, now)) return Judged(false, Verdict.InvalidToken, "inactive", "the token is not active: its exp is over, or its nbf to come");
        if (IsBound(known)) return Judged(false, Verdict.InvalidToken, "bound", "the token is bound to a certificate or a key, and the sidecar can't see who shows that");
        if (rule.Requirements.FirstUnmet(known, now) is { } unmet) return Judged(false, Decider.VerdictOf(unmet.Fault), Decider.ReasonOf(unmet.Fault), $"the token does not meet this: {unmet.Text}");
        KeyValuePair<string, string>[] headers = [.. rule.Headers.Select(header => KeyValuePair.Create(header.Name, header.ValueOf(known)))];
        return rule.OpaPath is not null
            ? new Explanation(null, null, "the token meets all that the rule asks for, and the policy has the last word", rule, path, requirements, headers)
            : Judged(true, Verdict.Allowed, "allowed", "the token meets all that the rule asks for") with { Headers = headers };

        Explanation Judged(bool? isAllowed, Verdict verdict, string code, string reason) => new(isAllowed, code, reason, rule, path, requirements, []) { Status = ProxyAdapter.UsualStatusOf(verdict) };
    }

    /// <summary>Why this is no answer of introspection that could be judged; null where it is one. The same is refused of a server.</summary>
    internal static string? FaultOf(JsonElement claims)
    {
        if (claims.ValueKind is not JsonValueKind.Object) return "must be a JSON object";
        if (!claims.TryGetProperty("active", out var active)) return "has no `active`: it is no answer of introspection";
        if (active.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return "has an `active` that is neither true nor false";
        foreach (var name in new[] { "scope", "aud" })
        {
            if (claims.TryGetProperty(name, out var texts) && !IsTexts(texts)) return $"has a `{name}` that is neither a text nor a list of texts";
        }
        foreach (var name in new[] { "exp", "nbf" })
        {
            if (claims.TryGetProperty(name, out var time) && time.ValueKind is not (JsonValueKind.Number or JsonValueKind.Null)) return $"has an `{name}` that is no number";
        }
        return null;
    }

    private static bool IsTexts(JsonElement value) => value.ValueKind is JsonValueKind.String or JsonValueKind.Null || (value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(static one => one.ValueKind is JsonValueKind.String));

    private static bool IsActive(JsonElement claims) => claims.TryGetProperty("active", out var active) && active.ValueKind is JsonValueKind.True;

    private static bool IsOver(JsonElement claims, long now) =>
        (claims.TryGetProperty("exp", out var exp) && exp.ValueKind is JsonValueKind.Number && exp.GetDouble() <= now) || (claims.TryGetProperty("nbf", out var nbf) && nbf.ValueKind is JsonValueKind.Number && nbf.GetDouble() > now);

    private static bool IsBound(JsonElement claims) =>
        (claims.TryGetProperty("cnf", out var cnf) && cnf.ValueKind is not JsonValueKind.Null) || (claims.TryGetProperty("token_type", out var type) && type.ValueKind is JsonValueKind.String && "DPoP".Equals(type.GetString(), StringComparison.OrdinalIgnoreCase));

    private static Explanation Refused(Verdict verdict, string code, string reason, RequestPath? path = null) => new(false, code, reason, null, path, [], []) { Status = ProxyAdapter.UsualStatusOf(verdict) };
}

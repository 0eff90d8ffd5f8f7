using System.Globalization;
using System.Text.Json;

namespace Touchstone.Sidecar.Rules;

/// <summary>Why a rule does not let a token pass.</summary>
internal enum RuleFault
{
    /// <summary>It is from another issuer.</summary>
    Issuer,

    /// <summary>It is for another API.</summary>
    Audience,

    /// <summary>It lacks a scope.</summary>
    Scope,

    /// <summary>A claim is not what it has to be.</summary>
    Claim,

    /// <summary>The user was not authenticated in the way that is needed, or too long ago (RFC 9470).</summary>
    Authentication,
}

/// <summary>One thing that a rule asks for.</summary>
/// <param name="Fault">What it is when it is not met.</param>
/// <param name="Text">In words for an operator.</param>
/// <param name="IsMet">Whether the token meets it.</param>
internal readonly record struct Requirement(RuleFault Fault, string Text, bool IsMet);

/// <summary>The one judgement of an active token by a rule, wherever the answer about it came from (L48).</summary>
internal static class RuleRequirements
{
    // By how much the clock of the authorization server may be ahead.
    private const long Ahead = 60;

    /// <summary>All that the rule asks for, in the order in which it is judged; the first that is not met is the reason.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="claims">The members of the answer about the token.</param>
    /// <param name="now">In seconds since 1970.</param>
    internal static IEnumerable<Requirement> Of(Rule rule, JsonElement claims, long now)
    {
        if (rule.Issuers.Count > 0) yield return new(RuleFault.Issuer, $"iss is {Either(rule.Issuers)}", rule.Issuers.Contains(Text(claims, "iss") ?? ""));
        if (rule.Audiences.Count > 0) yield return new(RuleFault.Audience, $"aud has {Either(rule.Audiences)}", rule.Audiences.Intersect(Texts(claims, "aud", separator: null)).Any());
        var scopes = rule.AllScopes.Count + rule.AnyScopes.Count > 0 ? Texts(claims, "scope", ' ') : [];
        foreach (var scope in rule.AllScopes) yield return new(RuleFault.Scope, $"scope has {scope}", scopes.Contains(scope));
        if (rule.AnyScopes.Count > 0) yield return new(RuleFault.Scope, $"scope has {Either(rule.AnyScopes)}", rule.AnyScopes.Intersect(scopes).Any());
        foreach (var condition in rule.Claims) yield return new(RuleFault.Claim, condition.ToString(), condition.Holds(claims));
        if (rule.Acr.Count > 0) yield return new(RuleFault.Authentication, $"acr is {Either(rule.Acr)}", rule.Acr.Contains(Text(claims, "acr") ?? ""));
        if (rule.MaxAge is { } age) yield return new(RuleFault.Authentication, string.Create(CultureInfo.InvariantCulture, $"auth_time is at most {age.TotalSeconds} seconds ago"), IsRecent(claims, (long)age.TotalSeconds, now));
    }

    private static bool IsRecent(JsonElement claims, long seconds, long now) =>
        claims.TryGetProperty("auth_time", out var time) && time.ValueKind is JsonValueKind.Number && time.TryGetDouble(out var at) && at <= now + Ahead && now - Math.Floor(at) <= seconds;

    private static string? Text(JsonElement claims, string name) => claims.TryGetProperty(name, out var claim) && claim.ValueKind is JsonValueKind.String ? claim.GetString() : null;

    // One text, or an array of texts.
    private static string[] Texts(JsonElement claims, string name, char? separator)
    {
        if (!claims.TryGetProperty(name, out var claim)) return [];
        return claim.ValueKind switch
        {
            JsonValueKind.String => separator is { } by ? claim.GetString()!.Split(by, StringSplitOptions.RemoveEmptyEntries) : [claim.GetString()!],
            JsonValueKind.Array => [.. claim.EnumerateArray().Where(static one => one.ValueKind is JsonValueKind.String).Select(static one => one.GetString()!)],
            _ => [],
        };
    }

    private static string Either(IReadOnlyList<string> values) => values.Count == 1 ? values[0] : "one of " + string.Join(", ", values);
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
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
/// <param name="IsMet">Whether the claims of a token meet it, at a time in seconds since 1970. It allocates nothing for what tokens usually hold.</param>
internal sealed record Requirement(RuleFault Fault, string Text, Func<JsonElement, long, bool> IsMet);

/// <summary>The one judgement of an active token by a rule, wherever the answer about it came from (L48): all that the rule asks for, in the order in which it is judged. The first that is not met is the reason.</summary>
/// <param name="rule">The rule.</param>
internal sealed class RuleRequirements(Rule rule)
{
    // By how much the clock of the authorization server may be ahead.
    private const long Ahead = 60;

    private readonly Requirement[] _all = [.. Of(rule)];

    internal IReadOnlyList<Requirement> All => _all;

    /// <summary>Whether they are of this rule, and not of one that it was made from.</summary>
    internal bool AreOf(Rule other) => ReferenceEquals(rule, other);

    /// <summary>The first that claims don't meet; null where they meet all.</summary>
    /// <param name="claims">The members of the answer about the token.</param>
    /// <param name="now">In seconds since 1970.</param>
    internal Requirement? FirstUnmet(JsonElement claims, long now)
    {
        foreach (var requirement in _all)
        {
            if (!requirement.IsMet(claims, now)) return requirement;
        }
        return null;
    }

    private static IEnumerable<Requirement> Of(Rule rule)
    {
        if (rule.Issuers.Count > 0) yield return new(RuleFault.Issuer, $"iss is {Either(rule.Issuers)}", (claims, _) => IsOneOf(claims, "iss", rule.Issuers));
        if (rule.Audiences.Count > 0) yield return new(RuleFault.Audience, $"aud has {Either(rule.Audiences)}", (claims, _) => HasOneOf(claims, "aud", rule.Audiences, isOfWords: false));
        foreach (var scope in rule.AllScopes) yield return new(RuleFault.Scope, $"scope has {scope}", (claims, _) => Has(claims, "scope", scope, isOfWords: true));
        if (rule.AnyScopes.Count > 0) yield return new(RuleFault.Scope, $"scope has {Either(rule.AnyScopes)}", (claims, _) => HasOneOf(claims, "scope", rule.AnyScopes, isOfWords: true));
        foreach (var condition in rule.Claims) yield return new(RuleFault.Claim, condition.ToString(), (claims, _) => condition.Holds(claims));
        if (rule.Acr.Count > 0) yield return new(RuleFault.Authentication, $"acr is {Either(rule.Acr)}", (claims, _) => IsOneOf(claims, "acr", rule.Acr));
        if (rule.MaxAge is { } age) yield return new(RuleFault.Authentication, string.Create(CultureInfo.InvariantCulture, $"auth_time is at most {age.TotalSeconds} seconds ago"), (claims, now) => IsRecent(claims, (long)age.TotalSeconds, now));
    }

    private static bool IsRecent(JsonElement claims, long seconds, long now) =>
        claims.TryGetProperty("auth_time", out var time) && time.ValueKind is JsonValueKind.Number && time.TryGetDouble(out var at) && at <= now + Ahead && now - Math.Floor(at) <= seconds;

    private static bool IsOneOf(JsonElement claims, string name, IReadOnlyList<string> values)
    {
        if (!claims.TryGetProperty(name, out var claim) || claim.ValueKind is not JsonValueKind.String) return false;
        for (var i = 0; i < values.Count; i++)
        {
            if (claim.ValueEquals(values[i])) return true;
        }
        return false;
    }

    private static bool HasOneOf(JsonElement claims, string name, IReadOnlyList<string> values, bool isOfWords)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (Has(claims, name, values[i], isOfWords)) return true;
        }
        return false;
    }

    // One text, or an array of texts. One text alone may be of several words.
    private static bool Has(JsonElement claims, string name, string value, bool isOfWords)
    {
        if (!claims.TryGetProperty(name, out var claim)) return false;
        if (claim.ValueKind is JsonValueKind.String) return isOfWords ? HasWord(claim, value) : claim.ValueEquals(value);
        if (claim.ValueKind is not JsonValueKind.Array) return false;
        foreach (var one in claim.EnumerateArray())
        {
            if (one.ValueKind is JsonValueKind.String && one.ValueEquals(value)) return true;
        }
        return false;
    }

    private static bool HasWord(JsonElement claim, string value)
    {
        // As it stands between its quotes, where nothing of it is escaped: scopes are ASCII.
        var raw = JsonMarshal.GetRawUtf8Value(claim)[1..^1];
        if (raw.Contains((byte)'\\')) return claim.GetString()!.Split(' ').Contains(value);
        foreach (var word in raw.Split((byte)' '))
        {
            if (Ascii.Equals(raw[word], value)) return true;
        }
        return false;
    }

    private static string Either(IReadOnlyList<string> values) => values.Count == 1 ? values[0] : "one of " + string.Join(", ", values);
}

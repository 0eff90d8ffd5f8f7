using Touchstone.Client;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Overrides;

/// <summary>Another policy for one rule, for a stated time: what an operator sets in an incident. The words are those of the handler's overrides for routes.</summary>
internal sealed record PolicyOverride
{
    internal static readonly TimeSpan Least = TimeSpan.FromSeconds(1), Most = TimeSpan.FromHours(24);

    private const int MostNames = 20;

    /// <summary>The name of the rule.</summary>
    internal required string Rule { get; init; }

    /// <summary>For how long.</summary>
    internal required TimeSpan For { get; init; }

    /// <summary>What becomes of checks while the server can't be asked; null leaves it as it is.</summary>
    internal FailMode? FailMode { get; init; }

    /// <summary>A bound on how long answers are used, with and without a feed and while the server can't be asked; null leaves it as it is. It only shortens.</summary>
    internal TimeSpan? MaxTtl { get; init; }

    /// <summary>Why; null: nobody said.</summary>
    internal string? Reason { get; init; }

    internal IntrospectionPolicy Apply(IntrospectionPolicy policy) => policy with
    {
        FailMode = FailMode ?? policy.FailMode,
        MaxTtl = Shorter(policy.MaxTtl),
        PlainTtl = Shorter(policy.PlainTtl),
        UnfollowedTtl = Shorter(policy.UnfollowedTtl),
        MaxStale = Shorter(policy.MaxStale),
        StaleWhileRevalidate = MaxTtl is null ? policy.StaleWhileRevalidate : TimeSpan.Zero,
    };

    /// <summary>What is wrong with it, all at once.</summary>
    /// <param name="rules">The rules there are.</param>
    internal IEnumerable<string> Faults(IReadOnlyList<Rule> rules)
    {
        var rule = rules.FirstOrDefault(rule => rule.Name == Rule);
        if (For < Least || For > Most) yield return "for_seconds must be from 1 second to 24 hours.";
        if (FailMode is null && MaxTtl is null) yield return "Give fail_mode, max_ttl_seconds or both.";
        if (MaxTtl < TimeSpan.Zero || MaxTtl > TimeSpan.FromDays(1)) yield return "max_ttl_seconds must be from 0 to 1 day.";
        if (Reason is { Length: 0 or > 500 }) yield return "reason must be 1 to 500 characters.";
        if (rule is null) yield return $"There is no rule of this name. There are: {string.Join(", ", rules.Take(MostNames).Select(static rule => $"'{rule.Name}'"))}{(rules.Count > MostNames ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $", and {rules.Count - MostNames} more") : "")}.";
        else if (rule.IsOpen) yield return "The rule lets anybody pass: it looks at no token.";
        // As in the file.
        else if (FailMode is Client.FailMode.FailOpen && !rule.AsksForNothing) yield return "Where nobody can be asked nothing is known of the token, so a rule that asks for anything never opens: closed or stale_if_error.";
    }

    private TimeSpan Shorter(TimeSpan ttl) => MaxTtl < ttl ? MaxTtl.Value : ttl;
}

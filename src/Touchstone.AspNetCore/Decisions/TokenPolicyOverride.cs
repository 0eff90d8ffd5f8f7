using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>Another policy for some routes, for a stated time: what an operator sets in an incident. It is logged when it begins and when it ends.</summary>
public sealed record TokenPolicyOverride
{
    /// <summary>The path that it begins with, on whole segments: <c>/orders</c> is <c>/orders</c> and what lies below, <c>/</c> is all.</summary>
    public required string Routes { get; init; }

    /// <summary>For how long. From 1 second to 24 hours.</summary>
    public required TimeSpan For { get; init; }

    /// <summary>Who sets it: 1 to 100 characters.</summary>
    public required string By { get; init; }

    /// <summary>Why: 1 to 500 characters.</summary>
    public required string Reason { get; init; }

    /// <summary>What becomes of checks while the server can't be asked; null leaves it as it is.</summary>
    public FailMode? FailMode { get; init; }

    /// <summary>A bound on how long answers are used, with and without a feed and while the server can't be asked; null leaves it as it is. It only shortens.</summary>
    public TimeSpan? MaxTtl { get; init; }

    internal IntrospectionPolicy Apply(IntrospectionPolicy policy) => policy with
    {
        FailMode = FailMode ?? policy.FailMode,
        MaxTtl = Least(policy.MaxTtl),
        PlainTtl = Least(policy.PlainTtl),
        UnfollowedTtl = Least(policy.UnfollowedTtl),
        MaxStale = Least(policy.MaxStale),
        StaleWhileRevalidate = MaxTtl is null ? policy.StaleWhileRevalidate : TimeSpan.Zero,
    };

    internal IEnumerable<string> Faults()
    {
        if (!Routes.StartsWith('/') || Routes.Length > 500) yield return "Routes must be a path that begins with /.";
        if (For < TimeSpan.FromSeconds(1) || For > TimeSpan.FromHours(24)) yield return "For must be from 1 second to 24 hours.";
        if (By.Length is 0 or > 100) yield return "By must be 1 to 100 characters.";
        if (Reason.Length is 0 or > 500) yield return "Reason must be 1 to 500 characters.";
        if (FailMode is null && MaxTtl is null) yield return "Set FailMode, MaxTtl or both.";
        if (FailMode is { } mode && !Enum.IsDefined(mode)) yield return "FailMode is none of FailClosed, StaleIfError and FailOpen.";
        if (MaxTtl < TimeSpan.Zero || MaxTtl > TimeSpan.FromDays(1)) yield return "MaxTtl must be from 0 to 1 day.";
    }

    private TimeSpan Least(TimeSpan ttl) => MaxTtl < ttl ? MaxTtl.Value : ttl;
}

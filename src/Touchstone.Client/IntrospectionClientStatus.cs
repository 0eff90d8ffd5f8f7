namespace Touchstone.Client;

/// <summary>How current what a client keeps is.</summary>
public enum FeedState
{
    /// <summary>The feed should be followed and is not, or not yet: each check asks the server.</summary>
    Lapsed,

    /// <summary>The feed is followed: what is kept is current.</summary>
    Followed,

    /// <summary>There is no feed, by configuration or at the server: answers are used for <see cref="IntrospectionPolicy.PlainTtl"/>.</summary>
    Plain,
}

/// <summary>Whether a client calls its server.</summary>
public enum BreakerState
{
    /// <summary>It does.</summary>
    Closed,

    /// <summary>It tries, after a while in which it did not.</summary>
    HalfOpen,

    /// <summary>It does not, because most calls failed. The first check after <see cref="TokenIntrospectionOptions.BreakDuration"/> tries again.</summary>
    Open,
}

/// <summary>How a client is doing, at one moment.</summary>
/// <param name="Feed">How current what it keeps is.</param>
/// <param name="FeedHead">The newest row of the revocation log that it knows; 0 for none.</param>
/// <param name="Breaker">Whether it calls its server.</param>
/// <param name="IsServerFound">Whether it knows where the endpoints are: they are configured, or the metadata was read.</param>
/// <param name="Entries">How many answers about active tokens it keeps.</param>
/// <param name="InactiveEntries">How many about inactive ones.</param>
public readonly record struct IntrospectionClientStatus(FeedState Feed, long FeedHead, BreakerState Breaker, bool IsServerFound, int Entries, int InactiveEntries)
{
    /// <summary>Why the server can't be asked, or the feed not followed, in words for operators, as the log has them; null where nothing is known to be wrong. No token, no secret.</summary>
    public string? LastFault { get; init; }
}

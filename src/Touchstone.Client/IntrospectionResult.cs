namespace Touchstone.Client;

/// <summary>What is known of a token. Starts from not knowing.</summary>
public enum IntrospectionOutcome
{
    /// <summary>The server could not be asked, or its answer not understood: the token may be good or not. An API answers 503, never 401.</summary>
    CannotTell,

    /// <summary>The token is revoked, expired, unknown, or not meant for this caller.</summary>
    Inactive,

    /// <summary>The token is active.</summary>
    Active,
}

/// <summary>Where a result came from.</summary>
public enum IntrospectionSource
{
    /// <summary>The server was asked.</summary>
    Server,

    /// <summary>The memory of this process.</summary>
    Memory,

    /// <summary>The shared cache (<see cref="SharedCacheOptions"/>): another process asked.</summary>
    Shared,

    /// <summary>An answer that is no longer current, used because the server could not be asked and the policy allows it (<see cref="FailMode.StaleIfError"/>).</summary>
    Stale,

    /// <summary>Nobody: the server could not be asked, and the policy lets pass (<see cref="FailMode.FailOpen"/>). There are no claims.</summary>
    Open,

    /// <summary>Nobody needed to be asked: no token looks like this.</summary>
    Shape,

    /// <summary>Nobody was asked: the token is a JWT of an issuer that is known, and was judged here (<see cref="JwtOptions"/>).</summary>
    Jwt,
}

/// <summary>Why a token could not be judged.</summary>
public enum IntrospectionFault
{
    /// <summary>It could.</summary>
    None,

    /// <summary>The server could not be reached.</summary>
    Unreachable,

    /// <summary>It did not answer in time.</summary>
    Timeout,

    /// <summary>It answered with a status from 500 on.</summary>
    ServerError,

    /// <summary>It answered 429: this caller asks more than it may.</summary>
    Throttled,

    /// <summary>It refused this caller (401 or 403): the credentials or the registration are wrong. Or the caller has nothing to prove itself with, and it was not asked.</summary>
    Refused,

    /// <summary>It answered something that is no introspection answer.</summary>
    Malformed,

    /// <summary>It was not asked: so many calls failed lately that it is left alone for a while.</summary>
    BreakerOpen,

    /// <summary>It was not asked: too many calls are under way.</summary>
    Overloaded,

    /// <summary>Whatever it answered was out of date when it came: revocations that concern the token come faster than answers.</summary>
    Outdated,

    /// <summary>No keys of the issuer that signed could be had.</summary>
    KeysUnavailable,

    /// <summary>It is a JWT that the feed alone tells of (<see cref="JwtRevocation.ByFeed"/>), and the feed is not followed, or does not give this caller the key of its tags.</summary>
    Unfollowed,

    /// <summary>It names a key that is not among those of its issuer, and whether there is a new one can't be found out now.</summary>
    UnknownKey,
}

/// <summary>The result of one check.</summary>
/// <param name="Outcome">What is known of the token.</param>
/// <param name="Source">Where that came from.</param>
/// <param name="Token">What the server said of an active token; null otherwise, and where the source is <see cref="IntrospectionSource.Open"/>.</param>
/// <param name="Fault">Why it could not be judged, or could not be judged afresh.</param>
/// <param name="Age">How long ago the server was asked.</param>
public readonly record struct IntrospectionResult(IntrospectionOutcome Outcome, IntrospectionSource Source, IntrospectedToken? Token = null, IntrospectionFault Fault = IntrospectionFault.None, TimeSpan Age = default)
{
    /// <summary>Whether the token is active. False where that could not be found out.</summary>
    public bool IsActive => Outcome is IntrospectionOutcome.Active;
}

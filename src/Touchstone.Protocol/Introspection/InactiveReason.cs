namespace Touchstone.Protocol.Introspection;

/// <summary>Why a token is inactive. For audit, metrics and administrators: it never reaches the wire (RFC 7662 §2.2).</summary>
public enum InactiveReason
{
    /// <summary>It is active.</summary>
    None,

    /// <summary>It has our prefix but not our form, or no token can look like it.</summary>
    Malformed,

    /// <summary>No record of it.</summary>
    Unknown,

    /// <summary>A row of the revocation log ends it.</summary>
    Revoked,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>Its time has not begun.</summary>
    NotYetValid,

    /// <summary>Good, but not for who asks.</summary>
    NotForCaller,

    /// <summary>A refresh token that was used: another one came in its place.</summary>
    Used,
}

/// <summary>The names of the reasons in metrics, audit and the admin API.</summary>
public static class InactiveReasons
{
    /// <summary>A lower-case name with underscores; <c>active</c> for none.</summary>
    public static string Name(this InactiveReason reason) => reason switch
    {
        InactiveReason.None => "active",
        InactiveReason.Malformed => "malformed",
        InactiveReason.Unknown => "unknown",
        InactiveReason.Revoked => "revoked",
        InactiveReason.Expired => "expired",
        InactiveReason.NotYetValid => "not_yet_valid",
        InactiveReason.NotForCaller => "not_for_caller",
        InactiveReason.Used => "used",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };
}

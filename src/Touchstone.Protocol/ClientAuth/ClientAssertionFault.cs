namespace Touchstone.Protocol.ClientAuth;

/// <summary>What is wrong with a client assertion: for administrators, never for the wire, where all of them are <c>invalid_client</c> (RFC 7523 §3.2).</summary>
public enum ClientAssertionFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Longer than <see cref="ClientAssertion.MaxLength"/>; not parsed.</summary>
    TooLong,

    /// <summary>Not three parts of base64url, or not readable JSON in them; also a member that stands twice or has the wrong type.</summary>
    Malformed,

    /// <summary>An algorithm that is not offered, <c>none</c> above all, or a header that this server can't honour (<c>crit</c>).</summary>
    Algorithm,

    /// <summary>A JWT of another kind: its <c>typ</c> or its claims say so (RFC 8725 §3.11).</summary>
    OtherKind,

    /// <summary><c>iss</c> and <c>sub</c> are not both there and equal.</summary>
    Subject,

    /// <summary><c>client_id</c> names another client than the assertion.</summary>
    ClientId,

    /// <summary><c>aud</c> is not this server alone.</summary>
    Audience,

    /// <summary><c>exp</c> is missing.</summary>
    NoExpiry,

    /// <summary>It has expired.</summary>
    Expired,

    /// <summary>It lives longer than <see cref="ClientAssertionRules.MaxLifetime"/>.</summary>
    Lifetime,

    /// <summary><c>nbf</c> or <c>iat</c> lies in the future.</summary>
    NotYetValid,

    /// <summary><c>jti</c> is missing or longer than <see cref="ClientAssertion.MaxIdLength"/>.</summary>
    Id,
}

/// <summary>The names of the faults.</summary>
public static class ClientAssertionFaults
{
    /// <summary>The name in logs and metrics.</summary>
    public static string Name(this ClientAssertionFault fault) => fault switch
    {
        ClientAssertionFault.TooLong => "assertion_too_long",
        ClientAssertionFault.Malformed => "assertion_malformed",
        ClientAssertionFault.Algorithm => "assertion_algorithm",
        ClientAssertionFault.OtherKind => "assertion_of_other_kind",
        ClientAssertionFault.Subject => "assertion_subject",
        ClientAssertionFault.ClientId => "assertion_client_id",
        ClientAssertionFault.Audience => "assertion_audience",
        ClientAssertionFault.NoExpiry => "assertion_without_exp",
        ClientAssertionFault.Expired => "assertion_expired",
        ClientAssertionFault.Lifetime => "assertion_lifetime",
        ClientAssertionFault.NotYetValid => "assertion_not_yet_valid",
        ClientAssertionFault.Id => "assertion_jti",
        _ => "assertion_valid",
    };
}

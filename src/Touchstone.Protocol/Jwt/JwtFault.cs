namespace Touchstone.Protocol.Jwt;

/// <summary>What is wrong with a JWT that a resource server judges: for its operators, never for the wire, where all of them are <c>invalid_token</c> (RFC 9068 §4).</summary>
public enum JwtFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Longer than is read.</summary>
    TooLong,

    /// <summary>Not three parts of base64url with JSON in them, or a member that stands twice or has a wrong type.</summary>
    Malformed,

    /// <summary>Its header asks for what is not done here (<c>crit</c>, <c>b64</c>, <c>zip</c>), or it wraps another JWT.</summary>
    Extended,

    /// <summary>A JWT of another kind: its <c>typ</c> or its claims say so (RFC 8725 §3.11).</summary>
    OtherKind,

    /// <summary>An algorithm that is not allowed, <c>none</c> and those with a shared secret above all.</summary>
    Algorithm,

    /// <summary><c>iss</c> is another.</summary>
    Issuer,

    /// <summary><c>aud</c> is missing, or names others only.</summary>
    Audience,

    /// <summary><c>exp</c> is missing.</summary>
    NoExpiry,

    /// <summary><c>iat</c> is missing.</summary>
    NoIssueTime,

    /// <summary>It has expired.</summary>
    Expired,

    /// <summary><c>nbf</c> or <c>iat</c> lies in the future.</summary>
    NotYetValid,

    /// <summary>It was made too long ago to be an answer to what was just asked.</summary>
    TooOld,

    /// <summary><c>sub</c>, <c>client_id</c>, <c>jti</c> or <c>token_introspection</c> is missing.</summary>
    Incomplete,

    /// <summary>The issuer has no key that can have made its signature.</summary>
    UnknownKey,

    /// <summary>The signature is wrong.</summary>
    Signature,

    /// <summary>It is encrypted, and no key of ours opens it; or it was changed on its way.</summary>
    Undecryptable,

    /// <summary>A row of the revocation log ends it.</summary>
    Revoked,
}

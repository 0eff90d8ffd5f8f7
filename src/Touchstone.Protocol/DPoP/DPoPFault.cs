namespace Touchstone.Protocol.DPoP;

/// <summary>What is wrong with a DPoP proof: for logs. On the wire all of them are <c>invalid_dpop_proof</c> (RFC 9449 §7.1).</summary>
public enum DPoPFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>There is no proof, or more than one.</summary>
    Count,

    /// <summary>Longer than <see cref="DPoPProof.MaxLength"/>; not parsed.</summary>
    TooLong,

    /// <summary>No JWT in the compact form, or a claim that is missing or has the wrong type.</summary>
    Malformed,

    /// <summary><c>typ</c> is not <c>dpop+jwt</c>: a JWT of another kind.</summary>
    OtherKind,

    /// <summary>An algorithm that is not accepted, <c>none</c> and MACs above all, or a header that can't be honoured (<c>crit</c>).</summary>
    Algorithm,

    /// <summary><c>jwk</c> is missing, private, too weak, or of another algorithm.</summary>
    Key,

    /// <summary><c>jti</c> is missing or longer than <see cref="DPoPProof.MaxIdLength"/>.</summary>
    Id,

    /// <summary><c>htm</c> is another method.</summary>
    Method,

    /// <summary><c>htu</c> is another URI.</summary>
    Uri,

    /// <summary><c>iat</c> lies too far back or ahead.</summary>
    Time,

    /// <summary><c>ath</c> is missing, or of another token.</summary>
    Token,

    /// <summary>The signature is not that of the key.</summary>
    Signature,

    /// <summary>The proof was used before.</summary>
    Replayed,
}

namespace Touchstone.Protocol.TokenExchange;

/// <summary>Why an exchange was refused. For log and metrics: the wire says no more than whether it was the scope, the client's policy, or one of the tokens.</summary>
public enum ExchangeFault
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The client may not take a subject's place (impersonation), or not name an actor (delegation).</summary>
    Mode,

    /// <summary>No record of the token.</summary>
    Unknown,

    /// <summary>A row of the revocation log ends the token.</summary>
    Revoked,

    /// <summary>The token's time is over.</summary>
    Expired,

    /// <summary>The token's time has not begun.</summary>
    NotYetValid,

    /// <summary>It is no access token.</summary>
    Kind,

    /// <summary>It has not the form of the type that it was declared to be.</summary>
    Form,

    /// <summary>Its issuer is none that the client may bring tokens of.</summary>
    Issuer,

    /// <summary>It was not issued to the client, and is for nobody that the client may act for.</summary>
    NotForClient,

    /// <summary>It is bound to a key, and who asks did not prove to have it; or to another one than what else the new token would be bound to.</summary>
    Key,

    /// <summary>It has no subject.</summary>
    Nobody,

    /// <summary>Its subject is disabled.</summary>
    Disabled,

    /// <summary>It belongs to another tenant.</summary>
    Tenant,

    /// <summary>The actor's token has an actor of its own: who acts would be two chains.</summary>
    ActorHasActor,

    /// <summary>The subject's token names who may act, and this is somebody else.</summary>
    MayAct,

    /// <summary>The chain of actors can't be read, or has become too long.</summary>
    ActorChain,

    /// <summary>The scope is malformed, more than the subject's token or the client has, or nothing.</summary>
    Scope,

    /// <summary>Too many tokens and names could end the new token.</summary>
    Lineage,
}

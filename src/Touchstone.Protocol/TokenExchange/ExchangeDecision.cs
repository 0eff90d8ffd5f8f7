using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.TokenExchange;

/// <summary>What an exchange gives: the whole record of the new token, or the reason why there is none.</summary>
/// <param name="Record">The record; null when refused.</param>
/// <param name="Fault">Why it was refused.</param>
/// <param name="IsOfActor">Whether the fault is one of the actor's token, and not of the subject's.</param>
public readonly record struct ExchangeDecision(TokenRecord? Record, ExchangeFault Fault, bool IsOfActor)
{
    /// <summary>Refused for this reason.</summary>
    public static ExchangeDecision Refused(ExchangeFault fault, bool isOfActor = false) => new(null, fault, isOfActor);

    /// <summary>The name of the reason in log and metrics, such as <c>subject_expired</c>; <c>issued</c> for none.</summary>
    public string Reason => Fault switch
    {
        ExchangeFault.None => "issued",
        ExchangeFault.Mode => IsOfActor ? "delegation" : "impersonation",
        ExchangeFault.Unknown => Party + "unknown",
        ExchangeFault.Revoked => Party + "revoked",
        ExchangeFault.Expired => Party + "expired",
        ExchangeFault.NotYetValid => Party + "not_yet_valid",
        ExchangeFault.Kind => Party + "kind",
        ExchangeFault.Form => Party + "form",
        ExchangeFault.Issuer => Party + "issuer",
        ExchangeFault.NotForClient => Party + "client",
        ExchangeFault.Key => Party + "key",
        ExchangeFault.Nobody => Party + "nobody",
        ExchangeFault.Disabled => Party + "disabled",
        ExchangeFault.Tenant => Party + "tenant",
        ExchangeFault.ActorHasActor => "actor_has_actor",
        ExchangeFault.MayAct => "may_act",
        ExchangeFault.ActorChain => "actor_chain",
        ExchangeFault.Scope => "scope",
        ExchangeFault.Lineage => "lineage",
        _ => throw new ArgumentOutOfRangeException(nameof(Fault)),
    };

    private string Party => IsOfActor ? "actor_" : "subject_";
}

using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.TokenExchange;

/// <summary>
/// The decision about a token exchange (RFC 8693): pure, starts from refused and earns a record. The new token has no scope, no time and no life beyond those of the tokens that it is made from.
/// </summary>
public static class ExchangeRules
{
    /// <summary>Scopes that rule the server itself begin so. They are granted to a client for itself and travel no further.</summary>
    public const string ServerScopes = "touchstone:";

    /// <summary>Judges an attempt.</summary>
    public static ExchangeDecision Decide(ExchangeAttempt attempt)
    {
        var (draft, policy, isDelegation) = (attempt.Draft, attempt.Policy, attempt.Actor is not null);

        // 1. May the client do this at all?
        if (!(isDelegation ? policy.Delegation : policy.Impersonation)) return ExchangeDecision.Refused(ExchangeFault.Mode, isDelegation);

        // 2. Is the subject's token good, and may the client bring it?
        if (WhyInvalid(attempt.Subject, draft, policy) is not ExchangeFault.None and var ofSubject) return ExchangeDecision.Refused(ofSubject);
        var subject = attempt.Subject.Record!;
        if (!IsOwn(subject, draft) && !IsForClient(subject, policy)) return ExchangeDecision.Refused(ExchangeFault.NotForClient);
        if (!IsOneTenant(draft.Tenant, subject.Tenant)) return ExchangeDecision.Refused(ExchangeFault.Tenant);

        // 3. And the actor's? Who lets others act has to have their token by right: one that was issued to the client itself. Another issuer's client of that name may be another: its token has to be for the client besides.
        TokenRecord? actor = null;
        if (attempt.Actor is { } presented)
        {
            if (WhyInvalid(presented, draft, policy) is not ExchangeFault.None and var ofActor) return ExchangeDecision.Refused(ofActor, isOfActor: true);
            actor = presented.Record!;
            if (actor.ClientId != draft.ClientId || (actor.Issuer != draft.Issuer && !IsForClient(actor, policy))) return ExchangeDecision.Refused(ExchangeFault.NotForClient, isOfActor: true);
            if (!IsOneTenant(draft.Tenant ?? subject.Tenant, actor.Tenant)) return ExchangeDecision.Refused(ExchangeFault.Tenant, isOfActor: true);
            if (!actor.Actor.IsEmpty) return ExchangeDecision.Refused(ExchangeFault.ActorHasActor);
        }

        // 4. Does the subject's token say who may act (§4.4)? Without an actor's token that is the client itself.
        var actorHome = draft.Issuer;
        if (!CarriedClaims.TryRead(subject, draft.Issuer, out var carried)
            || (actor is not null && !TryReadHome(actor, draft.Issuer, out actorHome))
            || !(actor is null ? carried.Allows(draft.Issuer, draft.ClientId, draft.ClientId, draft.Issuer) : carried.Allows(actorHome, actor.Subject!, actor.ClientId, actor.Issuer)))
            return ExchangeDecision.Refused(ExchangeFault.MayAct);

        // 5. Who acts (§4.1)? Whoever acted before stays named.
        if (!ActorChain.TryCarry(subject.Actor, subject.Issuer, draft.Issuer, out var act)
            || (actor is not null && !ActorChain.TryNest(actor, actorHome, draft.Issuer, act, out act)))
            return ExchangeDecision.Refused(ExchangeFault.ActorChain);

        // 6. What for?
        if (GrantedScope(attempt.Scope, subject.Scope, policy.Scope) is not { } scope) return ExchangeDecision.Refused(ExchangeFault.Scope);

        // 7. To what is it bound? To all that any of them is bound to, and what the request asks for: else a thief would exchange the binding away.
        if (!BindingRules.TryJoin(draft.Confirmation, subject.Confirmation, out var confirmation)) return ExchangeDecision.Refused(ExchangeFault.Key);
        if (!BindingRules.TryJoin(confirmation, actor?.Confirmation ?? default, out confirmation)) return ExchangeDecision.Refused(ExchangeFault.Key, isOfActor: true);

        // 8. For how long? Not longer than any of them.
        var record = draft with
        {
            Subject = subject.Subject,
            Username = subject.Username,
            Scope = scope,
            Actor = act,
            Confirmation = confirmation,
            Claims = carried.Json,
            ExpiresAt = Math.Min(draft.ExpiresAt, Math.Min(subject.ExpiresAt, actor?.ExpiresAt ?? long.MaxValue)),
        };

        // 9. And what ends one of them ends it.
        return Descent.TryDescend(record, subject, actor, out var descended) ? new ExchangeDecision(descended, ExchangeFault.None, false) : ExchangeDecision.Refused(ExchangeFault.Lineage);
    }

    /// <summary>The issuer that named a token's subject: of an exchanged token not us, where the token that it was made from had a name of another issuer (<c>sub_iss</c>). Fails when that can't be read.</summary>
    /// <param name="record">The token.</param>
    /// <param name="ownIssuer">Our issuer.</param>
    /// <param name="home">The issuer.</param>
    public static bool TryReadHome(TokenRecord record, string ownIssuer, out string home)
    {
        var isRead = CarriedClaims.TryRead(record, ownIssuer, out var carried);
        home = isRead ? carried.Home : record.Issuer;
        return isRead;
    }

    private static ExchangeFault WhyInvalid(PresentedToken token, TokenRecord draft, ExchangePolicy policy)
    {
        switch (IntrospectionRules.WhyInvalid(token.Record, token.Revocation, draft.IssuedAt))
        {
            case InactiveReason.None: break;
            case InactiveReason.Revoked: return ExchangeFault.Revoked;
            case InactiveReason.Expired: return ExchangeFault.Expired;
            case InactiveReason.NotYetValid: return ExchangeFault.NotYetValid;
            default: return ExchangeFault.Unknown;
        }
        var record = token.Record!;
        if (record.Kind is not TokenKind.AccessToken) return ExchangeFault.Kind;
        if (!token.HasDeclaredForm) return ExchangeFault.Form;
        if (!policy.SubjectIssuers.Contains(record.Issuer)) return ExchangeFault.Issuer;
        // Whose names may be used is about who gave them, however many exchanges ago. Claims that can't be read are a fault of their own, further down.
        if (TryReadHome(record, draft.Issuer, out var home) && !policy.SubjectIssuers.Contains(home)) return ExchangeFault.Issuer;
        if (!token.IsKeyProven) return ExchangeFault.Key;
        if (record.Subject is null) return ExchangeFault.Nobody;
        return token.IsSubjectEnabled ? ExchangeFault.None : ExchangeFault.Disabled;
    }

    // A client of another issuer may have the same name, and is somebody else.
    private static bool IsOwn(TokenRecord token, TokenRecord draft) => token.Issuer == draft.Issuer && token.ClientId == draft.ClientId;

    private static bool IsForClient(TokenRecord token, ExchangePolicy policy) => token.Audience.Any(policy.SubjectAudiences.Contains);

    private static bool IsOneTenant(string? one, string? other) => one is null || other is null || one == other;

    private static ScopeSet? GrantedScope(ScopeSet? asked, ScopeSet ofSubject, ScopeSet ofClient)
    {
        var allowed = ofSubject.Where(name => ofClient.Contains(name) && !name.StartsWith(ServerScopes, StringComparison.Ordinal));
        var granted = asked ?? allowed;
        return !granted.IsEmpty && granted.IsSubsetOf(allowed) ? granted : null;
    }
}

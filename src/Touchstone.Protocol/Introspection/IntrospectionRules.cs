using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Introspection;

/// <summary>The answer and the reason for it.</summary>
/// <param name="IsActive">What the caller is told.</param>
/// <param name="Reason">What the caller is not told.</param>
public readonly record struct IntrospectionDecision(bool IsActive, InactiveReason Reason)
{
    /// <summary>Refused for this reason.</summary>
    public static IntrospectionDecision Inactive(InactiveReason reason) => new(false, reason);

    /// <summary>Every check passed.</summary>
    public static IntrospectionDecision Active { get; } = new(true, InactiveReason.None);
}

/// <summary>The decision about a token (RFC 7662 §2.2, §4): pure, starts from inactive and earns active.</summary>
public static class IntrospectionRules
{
    /// <summary>Judges a record for a caller at a time.</summary>
    /// <param name="record">The record, or null when there is none.</param>
    /// <param name="caller">Who asks; it was authenticated and may introspect.</param>
    /// <param name="revocation">The row that ends the token, or null when none does.</param>
    /// <param name="now">The time, in seconds since 1970. No leeway: these are our own times (a clock is not compared with itself).</param>
    public static IntrospectionDecision Decide(TokenRecord? record, Caller caller, RevocationMatch? revocation, long now)
    {
        var reason = WhyInvalid(record, revocation, now);
        if (reason is not InactiveReason.None) return IntrospectionDecision.Inactive(reason);
        if (!IsFor(record!, caller)) return IntrospectionDecision.Inactive(InactiveReason.NotForCaller);
        return IntrospectionDecision.Active;
    }

    /// <summary>What is wrong with a token, whoever asks; <see cref="InactiveReason.None"/> when nothing is.</summary>
    public static InactiveReason WhyInvalid(TokenRecord? record, RevocationMatch? revocation, long now)
    {
        if (record is null) return InactiveReason.Unknown;
        if (revocation is not null) return InactiveReason.Revoked;
        if (now >= record.ExpiresAt) return InactiveReason.Expired;
        if (now < record.NotBefore) return InactiveReason.NotYetValid;
        return InactiveReason.None;
    }

    /// <summary>
    /// The ownership rule: a resource server sees access tokens whose audience contains one of its identifiers, a client sees its own tokens, and nobody sees anything else.
    /// </summary>
    public static bool IsFor(TokenRecord record, Caller caller) => IsFor(record.Kind, record.ClientId, record.Audience, caller);

    /// <summary>The same of what the rule looks at: the kind of the token, the client that it was issued to, and its audience.</summary>
    public static bool IsFor(TokenKind kind, string clientId, IReadOnlyList<string> audience, Caller caller) => caller.MayIntrospect && caller.Kind switch
    {
        CallerKind.ResourceServer => kind is TokenKind.AccessToken && Meet(audience, caller.Audience),
        CallerKind.Client => clientId == caller.ClientId,
        _ => false,
    };

    private static bool Meet(IReadOnlyList<string> audience, IReadOnlyList<string> identifiers)
    {
        for (var i = 0; i < audience.Count; i++)
        {
            for (var j = 0; j < identifiers.Count; j++)
            {
                if (string.Equals(audience[i], identifiers[j], StringComparison.Ordinal)) return true;
            }
        }
        return false;
    }
}

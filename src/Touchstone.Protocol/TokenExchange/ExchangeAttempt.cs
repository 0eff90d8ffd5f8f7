using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.TokenExchange;

/// <summary>A token that was presented for an exchange, as it was found. Whatever is not said counts against it.</summary>
/// <param name="Record">Its record, or null when there is none.</param>
/// <param name="Revocation">The row that ends it, or null when none does; judged against all rows.</param>
public sealed record PresentedToken(TokenRecord? Record, RevocationMatch? Revocation)
{
    /// <summary>Whether it has the form that its declared type asks for.</summary>
    public bool HasDeclaredForm { get; init; }

    /// <summary>Whether it is bound to no key, or who asks proved to have the key.</summary>
    public bool IsKeyProven { get; init; }

    /// <summary>Whether its subject is enabled.</summary>
    public bool IsSubjectEnabled { get; init; }
}

/// <summary>What a client may exchange.</summary>
public sealed record ExchangePolicy
{
    /// <summary>Whether it may have a token of the subject without naming an actor.</summary>
    public bool Impersonation { get; init; }

    /// <summary>Whether it may have a token of the subject that names an actor.</summary>
    public bool Delegation { get; init; }

    /// <summary>The issuers whose tokens it may bring.</summary>
    public IReadOnlyList<string> SubjectIssuers { get; init; } = [];

    /// <summary>A subject token that was issued to another client must be for one of these.</summary>
    public IReadOnlyList<string> SubjectAudiences { get; init; } = [];

    /// <summary>The scopes that it may be granted.</summary>
    public ScopeSet Scope { get; init; } = ScopeSet.Empty;
}

/// <summary>An exchange that is asked for (RFC 8693 §2.1).</summary>
public sealed record ExchangeAttempt
{
    /// <summary>
    /// The new token as far as the exchange does not say: its hash, identifier, client and that client's tenant, our issuer, audience, birth, binding; issued now, and ending as late as any token of this server may.
    /// </summary>
    public required TokenRecord Draft { get; init; }

    /// <summary>What the client may exchange.</summary>
    public required ExchangePolicy Policy { get; init; }

    /// <summary>On whose behalf.</summary>
    public required PresentedToken Subject { get; init; }

    /// <summary>Who acts; null when nobody is named.</summary>
    public PresentedToken? Actor { get; init; }

    /// <summary>The scope asked for: null where none is, empty where it can't be read.</summary>
    public ScopeSet? Scope { get; init; }
}

using Touchstone.Protocol.TokenExchange;
using Touchstone.Server.Admin;

namespace Touchstone.Server.Clients;

/// <summary>What a client may exchange (RFC 8693), as it is registered. What is left out is refused.</summary>
internal sealed record TokenExchangeRegistration
{
    internal const int MaxItems = 64;

    /// <summary>The resources that it may have tokens for: at least one.</summary>
    public IReadOnlyList<string>? Targets { get; init; }

    /// <summary>Whether it may have a token of the subject without naming an actor.</summary>
    public bool Impersonation { get; init; }

    /// <summary>Whether it may have a token of the subject that names an actor.</summary>
    public bool Delegation { get; init; }

    /// <summary>Tokens of other clients that it may bring: those for one of these.</summary>
    public IReadOnlyList<string>? SubjectAudiences { get; init; }

    /// <summary>The issuers whose tokens it may bring; null for this server alone.</summary>
    public IReadOnlyList<string>? SubjectIssuers { get; init; }

    /// <summary>What is registered, as the rules take it.</summary>
    internal ExchangePolicy PolicyOf(Client client, string ownIssuer) => new()
    {
        Impersonation = Impersonation,
        Delegation = Delegation,
        SubjectAudiences = SubjectAudiences ?? [],
        SubjectIssuers = SubjectIssuers ?? [ownIssuer],
        Scope = client.Scope,
    };

    /// <summary>Every error of a client's exchanges, as member and detail.</summary>
    internal static IEnumerable<(string Member, string Detail)> Errors(ClientRegistration client)
    {
        const string Member = "grants.token_exchange";
        if (client.Grants?.TokenExchange is not { } exchange) yield break;
        if (client.Public || client.Kind != ClientRegistration.ClientKind) yield return (Member, "is for clients that authenticate; a resource server that calls on has a client of its own for it");
        if (!exchange.Impersonation && !exchange.Delegation) yield return (Member, "allow impersonation, delegation or both");
        if (exchange.Targets is not { Count: > 0 and <= MaxItems }) yield return (Member + ".targets", $"name 1 to {MaxItems} resources");
        foreach (var target in exchange.Targets ?? [])
        {
            if (!ClientRules.IsResource(target)) yield return (Member + ".targets", $"'{target}' must be an absolute URI without a fragment, at most {ClientRules.MaxUriLength} characters (RFC 8707 section 2)");
        }
        if (exchange.SubjectAudiences?.Count > MaxItems) yield return (Member + ".subject_audiences", $"at most {MaxItems}");
        foreach (var audience in exchange.SubjectAudiences ?? [])
        {
            if (!ClientRules.IsResource(audience)) yield return (Member + ".subject_audiences", $"'{audience}' must be an absolute URI without a fragment, at most {ClientRules.MaxUriLength} characters");
        }
        if (exchange.SubjectIssuers?.Count is 0 or > MaxItems) yield return (Member + ".subject_issuers", $"name 1 to {MaxItems}, or leave it out for this server alone");
        foreach (var issuer in exchange.SubjectIssuers ?? [])
        {
            if (!TokenRegistration.IsIssuer(issuer)) yield return (Member + ".subject_issuers", $"'{issuer}' must be an absolute http or https URL");
        }
    }
}

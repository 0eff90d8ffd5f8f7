using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Clients;

/// <summary>What a resource server may see of an answer, as it is registered. What is left out narrows nothing.</summary>
/// <param name="Scope">The scopes that may be shown; empty for none.</param>
/// <param name="Claims">The members that may be shown beside those of every answer; empty for none.</param>
/// <param name="Sub"><c>as-is</c>, <c>pairwise</c> or <c>omitted</c>.</param>
/// <param name="Sector">Resource servers of one sector get the same pairwise names; alone by default.</param>
/// <param name="Aud"><c>all</c>, or <c>own</c> for the resource server's own identifiers only.</param>
internal sealed record ViewRegistration(string? Scope = null, IReadOnlyList<string>? Claims = null, string Sub = ViewRegistration.AsIs, string? Sector = null, string Aud = ViewRegistration.AllAudiences)
{
    internal const string AsIs = "as-is", Pairwise = "pairwise", Omitted = "omitted";
    internal const string AllAudiences = "all", OwnAudience = "own";
    internal const int MaxClaims = 64;

    /// <summary>Whether nothing is said that is not so without a view.</summary>
    internal bool IsDefault => IsWhole && Sector is null;

    internal bool IsWhole => Scope is null && Claims is null && Sub == AsIs && Aud == AllAudiences;

    /// <summary>The view of a client, ready for use.</summary>
    internal static IntrospectionView Of(ClientRegistration client, byte[]? pairwiseKey)
    {
        // A client sees its own tokens whole; a resource server of the authorization details what names it, or nobody (RFC 9396 §9.2).
        string[]? locations = client.Kind == ClientRegistration.ResourceServerKind ? [.. client.Audience] : null;
        if (client.View is not { } view) return locations is null ? IntrospectionView.Whole : new IntrospectionView { Locations = locations };
        // The words keep a sector from passing for a client of the same name.
        var sector = view.Sector is { } shared ? "sector " + shared : "client " + client.ClientId;
        return new IntrospectionView
        {
            Scope = view.Scope is null ? null : ScopeSet.TryParse(view.Scope, out var scope) ? scope : throw new InvalidDataException($"client {client.ClientId}: stored scope of the view"),
            Claims = view.Claims?.ToHashSet(StringComparer.Ordinal),
            Subject = view.Sub switch { AsIs => SubjectView.AsIs, Pairwise => SubjectView.Pairwise, _ => SubjectView.Omitted },
            Pairwise = view.Sub == Pairwise && pairwiseKey is not null ? new PairwiseSubject(pairwiseKey, sector) : null,
            Audience = view.Aud == AllAudiences ? null : [.. client.Audience],
            Locations = locations,
        };
    }

    /// <summary>Every error of a client's view, as member and detail.</summary>
    internal static IEnumerable<(string Member, string Detail)> Errors(ClientRegistration client)
    {
        if (client.View is not { } view) yield break;
        if (client.Kind != ClientRegistration.ResourceServerKind) yield return ("view", "is for resource servers; a client sees its own tokens whole");
        if (!ScopeSet.TryParse(view.Scope, out _)) yield return ("view.scope", "must be scope names of visible ASCII without \" and \\, separated by single spaces (RFC 6749 section 3.3)");
        if (view.Claims?.Count > MaxClaims) yield return ("view.claims", $"at most {MaxClaims}");
        foreach (var name in view.Claims ?? [])
        {
            if (name is null || !ClientRules.IsName(name)) yield return ("view.claims", "each must be 1 to 200 characters without control characters");
            else if (name is "sub" or "scope" or "aud") yield return ("view.claims", $"'{name}' has a member of its own in view");
            else if (name == "username" && view.Sub != AsIs) yield return ("view.claims", "'username' would tell whose token it is, which sub is not to tell");
        }
        if (view.Sub is not (AsIs or Pairwise or Omitted)) yield return ("view.sub", $"must be {AsIs}, {Pairwise} or {Omitted}");
        if (view.Sector is { } sector && !ClientRules.IsName(sector)) yield return ("view.sector", "must be 1 to 200 characters without control characters");
        if (view.Sector is not null && view.Sub != Pairwise) yield return ("view.sector", "is for a pairwise sub");
        if (client.TagKey && view.Sub != AsIs) yield return ("view.sub", "the key of its tags would tell whether a subject that it can guess is the one: withdraw the key, or show sub as it is");
        if (view.Aud is not (AllAudiences or OwnAudience)) yield return ("view.aud", $"must be {AllAudiences} or {OwnAudience}");
    }
}

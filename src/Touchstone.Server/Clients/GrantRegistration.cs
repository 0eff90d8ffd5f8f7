using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Clients;

/// <summary>What tokens a client may be issued, and how, as it is registered. Names are those of RFC 7591 and its family; what is left out is as by default.</summary>
internal sealed record GrantRegistration
{
    /// <summary>The grant types that it may use; null for <c>client_credentials</c> alone, where it can authenticate.</summary>
    public IReadOnlyList<string>? GrantTypes { get; init; }

    /// <summary>This, with what another names in place of its own.</summary>
    internal GrantRegistration With(GrantRegistration changed) => new()
    {
        GrantTypes = changed.GrantTypes ?? GrantTypes,
    };

    /// <summary>Every error of a client's grants, as member and detail.</summary>
    internal static IEnumerable<(string Member, string Detail)> Errors(ClientRegistration client)
    {
        if (client.Grants is not { } grants) yield break;
        foreach (var type in grants.GrantTypes ?? [])
        {
            if (!TokenIssue.GrantTypes.All.Contains(type)) yield return ("grants.grant_types", $"'{type}' is none of {string.Join(", ", TokenIssue.GrantTypes.All)}");
        }
        if (client.Public && grants.GrantTypes?.Contains(TokenIssue.GrantTypes.ClientCredentials) is true) yield return ("grants.grant_types", "client_credentials is for clients that authenticate (RFC 6749 section 4.4)");
    }
}

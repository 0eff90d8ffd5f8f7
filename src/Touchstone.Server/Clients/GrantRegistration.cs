using Touchstone.Server.Signing;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Clients;

/// <summary>What tokens a client may be issued, and how, as it is registered. Names are those of RFC 7591 and its family; what is left out is as by default.</summary>
internal sealed record GrantRegistration
{
    private const long MinSeconds = 60, MaxSeconds = 3650L * 24 * 3600;
    private const string LifetimeRange = "must be 60 seconds to 3650 days (315360000)";

    /// <summary>The grant types that it may use; null for <c>client_credentials</c> alone, where it can authenticate.</summary>
    public IReadOnlyList<string>? GrantTypes { get; init; }

    /// <summary><c>opaque</c> (also where it is null) or <c>jwt</c> (RFC 9068): of a client, what its access tokens are; of a resource server, what those for it are where the client says nothing.</summary>
    public string? AccessTokenFormat { get; init; }

    /// <summary>What signs JWT access tokens: <c>ES256</c> (also where it is null) or <c>RS256</c>.</summary>
    public string? AccessTokenSigningAlg { get; init; }
    /// <summary>What it may exchange (RFC 8693); null for nothing.</summary>
    public TokenExchangeRegistration? TokenExchange { get; init; }
    /// <summary>For how many seconds its refresh tokens may lie unused; null for the server's setting.</summary>
    public long? RefreshTokenInactivitySeconds { get; init; }

    /// <summary>For how many seconds its grants last from their first token; null for the server's setting.</summary>
    public long? RefreshTokenAbsoluteSeconds { get; init; }
    /// <summary>Whether it is issued tokens only against a DPoP proof, bound to its key (RFC 9449 §5.2).</summary>
    public bool? DpopBoundAccessTokens { get; init; }

    /// <summary>Whether its access tokens are bound to the client certificate of the request (RFC 8705 §3.4).</summary>
    public bool? TlsClientCertificateBoundAccessTokens { get; init; }

    /// <summary>The types of authorization details that it may ask for (RFC 9396 §10); null for none.</summary>
    public IReadOnlyList<string>? AuthorizationDetailsTypes { get; init; }

    /// <summary>This, with what another names in place of its own.</summary>
    internal GrantRegistration With(GrantRegistration changed) => new()
    {
        GrantTypes = changed.GrantTypes ?? GrantTypes,
        AccessTokenFormat = changed.AccessTokenFormat ?? AccessTokenFormat,
        AccessTokenSigningAlg = changed.AccessTokenSigningAlg ?? AccessTokenSigningAlg,
        TokenExchange = changed.TokenExchange ?? TokenExchange,
        RefreshTokenInactivitySeconds = changed.RefreshTokenInactivitySeconds ?? RefreshTokenInactivitySeconds,
        RefreshTokenAbsoluteSeconds = changed.RefreshTokenAbsoluteSeconds ?? RefreshTokenAbsoluteSeconds,
        DpopBoundAccessTokens = changed.DpopBoundAccessTokens ?? DpopBoundAccessTokens,
        TlsClientCertificateBoundAccessTokens = changed.TlsClientCertificateBoundAccessTokens ?? TlsClientCertificateBoundAccessTokens,
        AuthorizationDetailsTypes = changed.AuthorizationDetailsTypes ?? AuthorizationDetailsTypes,
    };

    /// <summary>Every error of a client's grants, as member and detail.</summary>
    internal static IEnumerable<(string Member, string Detail)> Errors(ClientRegistration client)
    {
        if (client.Grants is not { } grants) yield break;
        foreach (var type in grants.GrantTypes ?? [])
        {
            if (!TokenIssue.GrantTypes.All.Contains(type)) yield return ("grants.grant_types", $"'{type}' is none of {string.Join(", ", TokenIssue.GrantTypes.All)}");
        }
        if (grants.RefreshTokenInactivitySeconds is < MinSeconds or > MaxSeconds) yield return ("grants.refresh_token_inactivity_seconds", LifetimeRange);
        if (grants.RefreshTokenAbsoluteSeconds is < MinSeconds or > MaxSeconds) yield return ("grants.refresh_token_absolute_seconds", LifetimeRange);
        foreach (var type in grants.AuthorizationDetailsTypes ?? [])
        {
            if (!DetailType.IsName(type)) yield return ("grants.authorization_details_types", $"each must be 1 to {DetailType.MaxName} printable ASCII characters");
        }
        if (grants.AuthorizationDetailsTypes?.Count > DetailType.MaxTypes) yield return ("grants.authorization_details_types", $"at most {DetailType.MaxTypes}");
        if (client.Public && grants.GrantTypes?.Contains(TokenIssue.GrantTypes.ClientCredentials) is true) yield return ("grants.grant_types", "client_credentials is for clients that authenticate (RFC 6749 section 4.4)");
        if (grants.AccessTokenFormat is { } format && !AccessTokenFormats.All.Contains(format)) yield return ("grants.access_token_format", $"must be {string.Join(" or ", AccessTokenFormats.All)}");
        if (grants.AccessTokenSigningAlg is { } algorithm && !SigningKey.Algorithms.Contains(algorithm)) yield return ("grants.access_token_signing_alg", $"must be {string.Join(" or ", SigningKey.Algorithms)}");
        if (grants.AccessTokenFormat is AccessTokenFormats.Jwt && client.View is { IsWhole: false }) yield return ("grants.access_token_format", "a JWT shows all that it says: this resource server has a view that shows less, and only an introspection can keep to it");
        foreach (var error in TokenExchangeRegistration.Errors(client)) yield return error;
    }
}

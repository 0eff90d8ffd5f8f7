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

    /// <summary>Whether nothing is said.</summary>
    internal bool IsDefault => this == new GrantRegistration();

    /// <summary>Whether a grant type is registered; null where nothing is said of grant types. A policy of exchange is a word for exchange, whatever the list says: else a list that is replaced would switch it off unseen.</summary>
    internal bool? Allows(string type) => type is TokenIssue.GrantTypes.TokenExchange && TokenExchange is not null ? true : GrantTypes?.Contains(type);

    /// <summary>This, with what another names in place of its own, and without the members that are taken back.</summary>
    internal GrantRegistration With(GrantRegistration changed, IReadOnlyCollection<string> takenBack)
    {
        return new GrantRegistration
        {
            GrantTypes = Of("grant_types", changed.GrantTypes, takenBack.Contains("token_exchange") ? WithoutExchange : GrantTypes),
            AccessTokenFormat = Of("access_token_format", changed.AccessTokenFormat, AccessTokenFormat),
            AccessTokenSigningAlg = Of("access_token_signing_alg", changed.AccessTokenSigningAlg, AccessTokenSigningAlg),
            TokenExchange = Of("token_exchange", changed.TokenExchange, TokenExchange),
            RefreshTokenInactivitySeconds = Of("refresh_token_inactivity_seconds", changed.RefreshTokenInactivitySeconds, RefreshTokenInactivitySeconds),
            RefreshTokenAbsoluteSeconds = Of("refresh_token_absolute_seconds", changed.RefreshTokenAbsoluteSeconds, RefreshTokenAbsoluteSeconds),
            DpopBoundAccessTokens = Of("dpop_bound_access_tokens", changed.DpopBoundAccessTokens, DpopBoundAccessTokens),
            TlsClientCertificateBoundAccessTokens = Of("tls_client_certificate_bound_access_tokens", changed.TlsClientCertificateBoundAccessTokens, TlsClientCertificateBoundAccessTokens),
            AuthorizationDetailsTypes = Of("authorization_details_types", changed.AuthorizationDetailsTypes, AuthorizationDetailsTypes),
        };

        T? Of<T>(string member, T? named, T? before) => takenBack.Contains(member) ? default : named ?? before;
    }

    // The policy takes its grant type with it, which means nothing without one.
    private string[]? WithoutExchange => GrantTypes?.Where(type => type is not TokenIssue.GrantTypes.TokenExchange).ToArray();

    // Of a resource server only the form of tokens for it can be said: it is issued none but its own for introspection.
    private IEnumerable<string> MembersOfClients()
    {
        if (GrantTypes is not null) yield return "grant_types";
        if (RefreshTokenInactivitySeconds is not null) yield return "refresh_token_inactivity_seconds";
        if (RefreshTokenAbsoluteSeconds is not null) yield return "refresh_token_absolute_seconds";
        if (DpopBoundAccessTokens is not null) yield return "dpop_bound_access_tokens";
        if (TlsClientCertificateBoundAccessTokens is not null) yield return "tls_client_certificate_bound_access_tokens";
        if (AuthorizationDetailsTypes is not null) yield return "authorization_details_types";
    }

    /// <summary>Every error of a client's grants, as member and detail.</summary>
    internal static IEnumerable<(string Member, string Detail)> Errors(ClientRegistration client)
    {
        if (client.Grants is not { } grants) yield break;
        if (client.Kind == ClientRegistration.ResourceServerKind)
        {
            foreach (var member in grants.MembersOfClients()) yield return ("grants." + member, "is for clients, which are issued tokens; of a resource server, access_token_format and access_token_signing_alg say how tokens for it are");
        }
        foreach (var type in grants.GrantTypes ?? [])
        {
            // Of a list in JSON, whatever the type here says.
            if (type is null) yield return ("grants.grant_types", "null is no grant type");
            else if (!TokenIssue.GrantTypes.All.Contains(type)) yield return ("grants.grant_types", $"'{type}' is none of {string.Join(", ", TokenIssue.GrantTypes.All)}");
        }
        if (grants.TokenExchange is null && grants.GrantTypes?.Contains(TokenIssue.GrantTypes.TokenExchange) is true)
            yield return ("grants.grant_types", "token-exchange says nothing without a policy: give token_exchange, which allows the grant by itself, or leave it out");
        if (grants.RefreshTokenInactivitySeconds is < MinSeconds or > MaxSeconds) yield return ("grants.refresh_token_inactivity_seconds", LifetimeRange);
        if (grants.RefreshTokenAbsoluteSeconds is < MinSeconds or > MaxSeconds) yield return ("grants.refresh_token_absolute_seconds", LifetimeRange);
        foreach (var type in grants.AuthorizationDetailsTypes ?? [])
        {
            if (type is null || !DetailType.IsName(type)) yield return ("grants.authorization_details_types", $"each must be 1 to {DetailType.MaxName} printable ASCII characters");
        }
        if (grants.AuthorizationDetailsTypes?.Count > DetailType.MaxTypes) yield return ("grants.authorization_details_types", $"at most {DetailType.MaxTypes}");
        if (client.Public && grants.GrantTypes?.Contains(TokenIssue.GrantTypes.ClientCredentials) is true) yield return ("grants.grant_types", "client_credentials is for clients that authenticate (RFC 6749 section 4.4)");
        if (grants.AccessTokenFormat is { } format && !AccessTokenFormats.All.Contains(format)) yield return ("grants.access_token_format", $"must be {string.Join(" or ", AccessTokenFormats.All)}");
        if (grants.AccessTokenSigningAlg is { } algorithm && !SigningKey.Algorithms.Contains(algorithm)) yield return ("grants.access_token_signing_alg", $"must be {string.Join(" or ", SigningKey.Algorithms)}");
        if (grants.AccessTokenFormat is AccessTokenFormats.Jwt && client.View is { IsWhole: false }) yield return ("grants.access_token_format", "a JWT shows all that it says: this resource server has a view that shows less, and only an introspection can keep to it");
        foreach (var error in TokenExchangeRegistration.Errors(client)) yield return error;
    }
}

using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server.TokenIssue;

/// <summary>The grant types that there are, by their names on the wire.</summary>
internal static class GrantTypes
{
    internal const string ClientCredentials = "client_credentials";

    internal const string RefreshToken = "refresh_token";

    internal const string TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    internal static IReadOnlyList<string> All { get; } = [ClientCredentials, RefreshToken, TokenExchange];

    internal static void AddGrants(this IServiceCollection services)
    {
        services.AddSingleton<IGrant, ClientCredentialsGrant>();
        services.AddRefresh();
        services.AddSingleton<IGrant, TokenExchangeGrant>();
        services.AddSingleton<TokenEndpoint>();
        services.AddSingleton<AccessTokenFormats>();
        services.AddSingleton<TokenIssuer>();
        services.AddSingleton<TokenBinding>();
        services.AddSingleton<ProofNonces>();
        services.AddSingleton<DetailTypes>();
    }

    private static void AddRefresh(this IServiceCollection services)
    {
        services.AddSingleton<IGrant, RefreshTokenGrant>();
        services.AddSingleton<RefreshSuccessors>();
        services.AddSingleton<RefreshGrace>();
        services.AddSingleton<RefreshReuse>();
    }
}

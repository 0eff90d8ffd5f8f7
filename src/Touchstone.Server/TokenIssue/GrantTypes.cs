using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.Server.TokenIssue;

/// <summary>The grant types that there are, by their names on the wire.</summary>
internal static class GrantTypes
{
    internal const string ClientCredentials = "client_credentials";

    internal const string TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    internal static IReadOnlyList<string> All { get; } = [ClientCredentials, TokenExchange];

    internal static void AddGrants(this IServiceCollection services)
    {
        services.AddSingleton<IGrant, ClientCredentialsGrant>();
        services.AddSingleton<IGrant, TokenExchangeGrant>();
        services.AddSingleton<TokenEndpoint>();
        services.AddSingleton<AccessTokenFormats>();
        services.AddSingleton<TokenIssuer>();
    }
}

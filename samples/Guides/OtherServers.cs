// What docs/guides/other-servers.md shows.
using Touchstone.AspNetCore;
using Touchstone.Client;

namespace Guides;

internal static class OtherServers
{
    internal static void Any(TokenIntrospectionSchemeOptions options, string secret)
    {
        // guide: other-servers, any
        options.Introspection.Issuer = new Uri("https://as.example.com");
        options.Introspection.ClientId = "orders-api";
        options.Introspection.ClientSecret = secret;
        options.Audiences = ["https://orders.example.com"];
        // guide: end
    }

    internal static void Fixed(TokenIntrospectionSchemeOptions options)
    {
        // guide: other-servers, fixed
        options.Introspection.IntrospectionEndpoint = new Uri("https://as.example.com/introspect");
        // guide: end
    }

    internal static void Keycloak(TokenIntrospectionSchemeOptions options, string secret)
    {
        // guide: other-servers, Keycloak
        options.Introspection.Issuer = new Uri("https://keycloak.example.com/realms/acme");
        options.Introspection.ClientId = "orders-api";
        options.Introspection.ClientSecret = secret;
        options.Audiences = ["orders-api"];
        // guide: end
    }

    internal static void Hydra(TokenIntrospectionSchemeOptions options, Func<CancellationToken, ValueTask<string>> accessToken)
    {
        // guide: other-servers, Hydra
        options.Introspection.IntrospectionEndpoint = new Uri("https://hydra-admin.internal/admin/oauth2/introspect");
        options.Introspection.Authentication = ClientAuthentication.Bearer(accessToken); // Or Basic: what the proxy in front asks for.
        options.Audiences = ["https://orders.example.com"];
        // guide: end
    }

    internal static void OidcProvider(TokenIntrospectionSchemeOptions options)
    {
        // guide: other-servers, oidc-provider
        options.Introspection.Issuer = new Uri("https://op.example.com");
        options.Introspection.Authentication = ClientAuthentication.PrivateKeyJwt("orders-api", FromFile.Key("/run/secrets/key.pem"));
        // guide: end
    }
}

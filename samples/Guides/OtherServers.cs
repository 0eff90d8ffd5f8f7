// What docs/guides/other-servers.md shows.
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
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

    internal static async Task<IntrospectionResult> Several(IntrospectionClient ours, IntrospectionClient theirs, IntrospectionClient legacy, string token)
    {
        // guide: other-servers, several
        var router = new IntrospectionRouter([new(ours) { TokenPrefix = "ts_" }, new(theirs) { JwtIssuer = "https://op.example.com" }, new(legacy)]);
        var result = await router.IntrospectAsync(token);
        // guide: end
        return result;
    }

    internal static void Schemes(WebApplicationBuilder builder, Action<TokenIntrospectionSchemeOptions> ours, Action<TokenIntrospectionSchemeOptions> theirs)
    {
        // guide: other-servers, schemes
        builder.Services.AddAuthentication("either")
            .AddPolicyScheme("either", null, options => options.ForwardDefaultSelector = http =>
                http.Request.Headers.Authorization.ToString().StartsWith("Bearer ts_", StringComparison.OrdinalIgnoreCase) ? "ours" : "theirs")
            .AddTokenIntrospection("ours", ours)
            .AddTokenIntrospection("theirs", theirs);
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

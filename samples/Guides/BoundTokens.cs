// What docs/guides/bound-tokens.md shows, and docs/guides/protect-an-api.md of metadata and of tokens in the query.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.AspNetCore;

namespace Guides;

internal static class BoundTokens
{
    internal static void Certificates(WebApplicationBuilder builder)
    {
        // guide: bound-tokens, certificates
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.ClientCertificateValidation = (_, _, _) => true;
        }));
        // guide: end
    }

    internal static void StepUp(WebApplication app)
    {
        // guide: bound-tokens, step-up
        app.MapPost("/transfers", () => "done").RequireScope("transfers").RequireAcr("urn:acme:mfa").RequireMaxAge(TimeSpan.FromMinutes(5));
        // guide: end
    }

    internal static void Metadata(WebApplicationBuilder builder, WebApplication app)
    {
        // guide: protect-an-api, metadata
        builder.Services.AddAuthentication().AddTokenIntrospection(options =>
        {
            options.Resource = new Uri("https://orders.acme.test/");
            options.Metadata.ScopesSupported = ["orders:read", "orders:write"];
        });
        app.MapProtectedResourceMetadata();
        // guide: end
    }

    internal static void Query(TokenIntrospectionSchemeOptions options)
    {
        // guide: protect-an-api, the query
        options.TokenFromQuery = new() { Paths = ["/hubs"] };
        // guide: end
    }
}

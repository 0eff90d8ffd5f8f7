// What docs/guides/protect-an-api.md shows, and the README files of the packages.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.AspNetCore;
using Touchstone.Client;
using Touchstone.Client.Testing;

namespace Guides;

internal static class ProtectAnApi
{
    internal static void Endpoints(IEndpointRouteBuilder app)
    {
        // guide: protect-an-api, scopes
        app.MapGet("/orders", () => "orders").RequireScope("orders:read");
        app.MapPost("/orders", () => "ordered").RequireScope("orders:read", "orders:write");
        // guide: end

        // guide: protect-an-api, a policy of its own
        app.MapPost("/transfers", () => "done").RequireScope("transfers").WithTokenPolicy(new() { MaxTtl = TimeSpan.Zero });
        // guide: end

        // guide: protect-an-api, the result
        app.MapGet("/whence", (HttpContext http) => http.Features.Get<ITokenIntrospectionFeature>()!.Result.Source.ToString()).RequireAuthorization();
        // guide: end
    }

    internal static void Health(IServiceCollection services, IEndpointRouteBuilder app)
    {
        // guide: protect-an-api, health
        services.AddHealthChecks().AddTokenIntrospection("Bearer", tags: ["ready"]);
        app.MapHealthChecks("/health/ready", new() { Predicate = check => check.Tags.Contains("ready") });
        // guide: end
    }

    internal static void Scheme(WebApplicationBuilder builder)
    {
        // guide: Touchstone.AspNetCore/PACKAGE
        builder.Services.AddAuthentication().AddTokenIntrospection(options =>
        {
            options.Audiences = ["https://orders.acme.test/"];
            options.Introspection.Issuer = new Uri("https://as.acme.test");
            options.Introspection.ClientId = "rs-orders";
            options.Introspection.ClientSecret = builder.Configuration["IntrospectionSecret"];
        });
        builder.Services.AddAuthorization();
        builder.Services.AddHealthChecks().AddTokenIntrospection();
        // guide: end
    }

    internal static void Client(IServiceCollection services, IConfiguration configuration)
    {
        // guide: protect-an-api, without ASP.NET Core; Touchstone.Client/PACKAGE
        services.AddTokenIntrospection(options =>
        {
            options.Issuer = new Uri("https://as.acme.test");
            options.ClientId = "rs-orders";
            options.ClientSecret = configuration["IntrospectionSecret"];
        });
        // guide: end
    }

    internal static async Task<string> AskAsync(IntrospectionClient client, string token)
    {
        // guide: protect-an-api, asking; Touchstone.Client/PACKAGE
        var result = await client.IntrospectAsync(token);
        if (result.Outcome is IntrospectionOutcome.CannotTell) return Unavailable(result.Fault); // The server could not be asked: the token may be good.
        if (result.IsActive && result.Token!.HasScope("orders:read")) return Orders(result.Token.Subject);
        // guide: end
        return "refused";
    }

    internal static void Fake(IServiceCollection services)
    {
        // guide: Touchstone.Client/PACKAGE
        var server = new FakeAuthorizationServer();
        services.UseFakeAuthorizationServer(server);
        // guide: end
    }

    internal static async Task<bool> AloneAsync(FakeAuthorizationServer server)
    {
        // guide: test-your-api, without ASP.NET Core
        var options = new TokenIntrospectionOptions();
        server.Configure(options);
        await using var client = new IntrospectionClient(options);
        // guide: end
        return (await client.IntrospectAsync(server.Issue())).IsActive;
    }

    private static string Unavailable(IntrospectionFault fault) => $"later ({fault})";

    private static string Orders(string? subject) => $"orders of {subject}";
}

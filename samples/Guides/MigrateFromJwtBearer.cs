// What docs/guides/migrate-from-jwtbearer.md shows.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.AspNetCore;

namespace Guides;

internal static class MigrateFromJwtBearer
{
    internal static void Before(WebApplicationBuilder builder)
    {
        // guide: migrate-from-jwtbearer, before
        builder.Services.AddAuthentication().AddJwtBearer(options =>
        {
            options.Authority = "https://as.acme.test";
            options.Audience = "https://orders.acme.test/";
            options.MapInboundClaims = false;
            options.Events = new()
            {
                OnMessageReceived = context =>
                {
                    if (context.Request.Path.StartsWithSegments("/hub")) context.Token = context.Request.Query["access_token"];
                    return Task.CompletedTask;
                },
                OnTokenValidated = context =>
                {
                    if (!context.Principal!.HasClaim("tenant", "acme")) context.Fail("Another tenant.");
                    return Task.CompletedTask;
                },
            };
        });
        // guide: end
    }

    internal static void After(WebApplicationBuilder builder)
    {
        // guide: migrate-from-jwtbearer, after
        builder.Services.AddAuthentication().AddTokenIntrospection(options =>
        {
            options.Introspection.Issuer = new Uri("https://as.acme.test");
            options.Introspection.ClientId = "rs-orders";
            options.Introspection.ClientSecret = builder.Configuration["IntrospectionSecret"];
            options.Audiences = ["https://orders.acme.test/"];
            options.Events = new()
            {
                OnTokenReceiving = context =>
                {
                    if (context.Request.Path.StartsWithSegments("/hub")) context.Token = context.Request.Query["access_token"];
                    return Task.CompletedTask;
                },
                OnTokenIntrospected = context =>
                {
                    if (!context.Principal!.HasClaim("tenant", "acme")) context.Fail("Another tenant.");
                    return Task.CompletedTask;
                },
            };
        });
        // guide: end
    }

    internal static void Policies(WebApplicationBuilder builder, IEndpointRouteBuilder app)
    {
        // guide: migrate-from-jwtbearer, scopes before
        builder.Services.AddAuthorizationBuilder().AddPolicy("read", policy => policy.RequireAssertion(
            context => context.User.FindFirst("scope")?.Value.Split(' ').Contains("orders:read") ?? false));
        app.MapGet("/orders", () => "orders").RequireAuthorization("read");
        // guide: end

        // guide: migrate-from-jwtbearer, scopes after
        app.MapGet("/orders", () => "orders").RequireScope("orders:read");
        // guide: end

        // guide: migrate-from-jwtbearer, names
        builder.Services.Configure<TokenIntrospectionSchemeOptions>("Bearer", options =>
        {
            options.NameClaimType = "username";
            options.RoleClaimType = "groups";
        });
        // guide: end
    }

    internal static void Both(WebApplicationBuilder builder)
    {
        // guide: migrate-from-jwtbearer, both
        builder.Services.AddAuthentication("either")
            .AddPolicyScheme("either", displayName: null, options => options.ForwardDefaultSelector = http =>
                http.Request.Headers.Authorization.ToString().StartsWith("Bearer ey", StringComparison.Ordinal) ? "jwt" : "opaque")
            .AddJwtBearer("jwt", options => (options.Authority, options.Audience) = ("https://as.acme.test", "https://orders.acme.test/"))
            .AddTokenIntrospection("opaque", options => options.Audiences = ["https://orders.acme.test/"]);
        // guide: end
    }
}

// What docs/guides/choose-a-policy.md shows.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Touchstone.AspNetCore;
using Touchstone.Client;

namespace Guides;

internal static class ChooseAPolicy
{
    internal static void Overrides(WebApplication app)
    {
        // guide: choose-a-policy, in an incident
        app.MapTokenPolicyOverrides("/ops/token-policies").RequireScope("ops");
        // guide: end
    }

    internal static void Scheme(TokenIntrospectionSchemeOptions options)
    {
        // guide: choose-a-policy, of the client
        options.Introspection.Policy = new IntrospectionPolicy
        {
            MaxTtl = TimeSpan.FromMinutes(10),
            NegativeTtl = TimeSpan.FromSeconds(5),
            FailMode = FailMode.FailClosed,
        };
        // guide: end
    }

    internal static void Endpoints(IEndpointRouteBuilder app, IntrospectionPolicy policy)
    {
        // guide: choose-a-policy, of endpoints
        var catalogue = policy with { FailMode = FailMode.StaleIfError, MaxStale = TimeSpan.FromMinutes(2) };
        var money = policy with { MaxTtl = TimeSpan.Zero, PlainTtl = TimeSpan.Zero };

        app.MapGet("/catalogue", () => "things").RequireScope("catalogue:read").WithTokenPolicy(catalogue);
        app.MapPost("/transfers", () => "done").RequireScope("transfers").WithTokenPolicy(money);
        // guide: end
    }
}

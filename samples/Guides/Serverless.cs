// What docs/guides/serverless.md shows.
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Touchstone.Client;

namespace Guides;

internal static class Serverless
{
    internal static void Run(string[] args)
    {
        // guide: serverless, program
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        builder.Services.AddTokenIntrospection(options =>
        {
            options.Issuer = new Uri("https://as.acme.test");
            options.ClientId = "rs-orders";
            options.ClientSecret = builder.Configuration["IntrospectionSecret"];
        });
        builder.Services.AddSingleton<Bearer>();
        builder.Build().Run();
        // guide: end
    }
}

// guide: serverless, check
public sealed class Bearer(IntrospectionClient client)
{
    /// <summary>Whose token it is, or what the caller is answered.</summary>
    public async Task<(string? Subject, IActionResult? Refusal)> CheckAsync(HttpRequest request, string audience, string scope)
    {
        var header = request.Headers.Authorization;
        if (header.Count == 0) return Refuse(401, "");
        if (header.Count > 1 || header[0] is not { } one || !one.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return Refuse(401, "");
        var result = await client.IntrospectAsync(one["Bearer ".Length..].Trim(), cancellationToken: request.HttpContext.RequestAborted);
        if (result.Outcome is IntrospectionOutcome.CannotTell) return Later();
        // Without a token nobody was asked; one with a confirmation is bound to a client that can't be seen from here.
        if (!result.IsActive || result.Token is not { Confirmation: null } token || !token.Audience.Contains(audience)) return Refuse(401, ", error=\"invalid_token\"");
        return token.HasScope(scope) ? (token.Subject ?? token.ClientId, null) : Refuse(403, $", error=\"insufficient_scope\", scope=\"{scope}\"");

        (string?, IActionResult?) Refuse(int status, string error)
        {
            request.HttpContext.Response.Headers.WWWAuthenticate = $"Bearer realm=\"orders\"{error}";
            return (null, new StatusCodeResult(status));
        }

        (string?, IActionResult?) Later()
        {
            request.HttpContext.Response.Headers.RetryAfter = "1";
            return (null, new StatusCodeResult(503));
        }
    }
}

public sealed class Orders(Bearer bearer)
{
    [Function("orders")]
    public async Task<IActionResult> ReadAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "orders")] HttpRequest request)
    {
        var (subject, refusal) = await bearer.CheckAsync(request, "https://orders.acme.test/", "orders:read");
        return refusal ?? new OkObjectResult($"orders of {subject}");
    }
}
// guide: end

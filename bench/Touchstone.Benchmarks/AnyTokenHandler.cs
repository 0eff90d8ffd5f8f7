using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Touchstone.Benchmarks;

/// <summary>A handler that looks at nothing and accepts everything: what the framework itself costs, which no handler can go below.</summary>
internal sealed class AnyTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    private static readonly ClaimsPrincipal Anybody = new(new ClaimsIdentity([new Claim("sub", "anybody")], "any"));

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(Anybody, Scheme.Name)));
}

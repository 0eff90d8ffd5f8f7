using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>Takes opaque access tokens (RFC 6750) and asks an introspection client about them. Starts from no identity.</summary>
internal sealed class TokenIntrospectionHandler(IOptionsMonitor<TokenIntrospectionSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IServiceProvider parts)
    : AuthenticationHandler<TokenIntrospectionSchemeOptions>(options, logger, encoder)
{
    // Made once: they carry no token, and say to the challenge what became of it.
    private static readonly AuthenticateResult Malformed = AuthenticateResult.Fail("The Authorization header holds no token."), Refused = AuthenticateResult.Fail("The token is not active."),
        OtherAudience = AuthenticateResult.Fail("The token is for another API."), CannotTell = AuthenticateResult.Fail("The token could not be judged.");

    private IntrospectionClient Client => parts.GetRequiredKeyedService<IntrospectionClient>(Scheme.Name);

    private sealed class Feature(IntrospectionResult result) : ITokenIntrospectionFeature
    {
        public IntrospectionResult Result { get; } = result;
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // 1. Is there a token?
        string? token = null;
        if (Options.Events?.OnTokenReceiving is { } receiving)
        {
            var context = new TokenReceivingContext(Context, Scheme, Options);
            await receiving(context);
            if (context.Result is not null) return context.Result;
            token = context.Token;
        }
        if (token is null)
        {
            var presented = PresentedToken.Read(Request.Headers.Authorization, out token);
            if (presented is Presented.Nothing) return AuthenticateResult.NoResult();
            if (presented is Presented.Malformed) return Malformed;
        }
        else if (!PresentedToken.IsToken(token))
        {
            return Malformed;
        }

        // 2. Is it active?
        var result = await Client.IntrospectAsync(token, Context.GetEndpoint()?.Metadata.GetMetadata<TokenPolicyMetadata>()?.Policy, Context.RequestAborted);
        Context.Features.Set<ITokenIntrospectionFeature>(new Feature(result));
        if (result.Outcome is IntrospectionOutcome.CannotTell) return CannotTell;
        if (!result.IsActive) return Refused;

        // 3. Is it for this API? Judged at each request, from memory or not.
        if (result.Token is { } answer && Options.Audiences.Count > 0 && !IsForThisApi(answer)) return OtherAudience;

        // 4. Who is it?
        var ticket = new AuthenticationTicket(Principal(result), Properties(token), Scheme.Name);
        if (Options.Events?.OnTokenIntrospected is not { } introspected) return AuthenticateResult.Success(ticket);
        var told = new TokenIntrospectedContext(Context, Scheme, Options) { Introspection = result, Principal = ticket.Principal, Properties = ticket.Properties };
        await introspected(told);
        if (told.Result is not null) return told.Result;
        told.Success();
        return told.Result!;
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        if (ReferenceEquals(result, CannotTell))
        {
            // B-12: a good token is not dropped because nobody could be asked about it.
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            Response.Headers.RetryAfter = ((long)Options.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            return;
        }
        var isMalformed = ReferenceEquals(result, Malformed);
        Response.StatusCode = isMalformed ? StatusCodes.Status400BadRequest : StatusCodes.Status401Unauthorized;
        var (error, description) = result switch
        {
            { None: true } => (null, null), // B-06: without a token no error.
            _ when isMalformed => ("invalid_request", "The Authorization header holds no token."),
            _ when ReferenceEquals(result, OtherAudience) => ("invalid_token", "The token is for another API."),
            { Succeeded: true } => (null, null), // Challenged by the application itself.
            _ => ("invalid_token", "The token is not active."),
        };
        Response.Headers.WWWAuthenticate = Challenge(error, description, scope: null);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        var scopes = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<RequiredScopeAttribute>().SelectMany(required => required.Scopes).Distinct().ToArray();
        Response.Headers.WWWAuthenticate = Challenge("insufficient_scope", description: null, scopes is { Length: > 0 } ? string.Join(' ', scopes) : null);
        return Task.CompletedTask;
    }

    // What goes in is checked when it is configured, so nothing here needs an escape.
    private string Challenge(string? error, string? description, string? scope) =>
        $"Bearer realm=\"{Options.Realm}\""
        + (error is null ? "" : $", error=\"{error}\"")
        + (description is null || !Options.IncludeErrorDetails ? "" : $", error_description=\"{description}\"")
        + (scope is null ? "" : $", scope=\"{scope}\"")
        + (Options.ResourceMetadata is null ? "" : $", resource_metadata=\"{Options.ResourceMetadata}\"");

    private bool IsForThisApi(IntrospectedToken token)
    {
        for (var i = 0; i < token.Audience.Count; i++)
        {
            if (Options.Audiences.Contains(token.Audience[i])) return true;
        }
        return false;
    }

    private ClaimsPrincipal Principal(in IntrospectionResult result)
    {
        // Nobody was asked: it passes, and says nothing of anybody.
        if (result.Token is not { } token) return new ClaimsPrincipal(new ClaimsIdentity([new Claim("touchstone:source", "open")], Scheme.Name, Options.NameClaimType, Options.RoleClaimType));
        var claims = token.Derived as Claim[];
        if (claims is null) token.Derived = claims = TokenClaims.Of(token, token.Issuer ?? ClaimsIdentity.DefaultIssuer);
        return new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name, Options.NameClaimType, Options.RoleClaimType));
    }

    private AuthenticationProperties? Properties(string token)
    {
        if (!Options.SaveToken) return null;
        var properties = new AuthenticationProperties();
        properties.StoreTokens([new AuthenticationToken { Name = "access_token", Value = token }]);
        return properties;
    }
}

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

    private IntrospectionClient Client => Options.Client ??= parts.GetRequiredKeyedService<IntrospectionClient>(Scheme.Name);

    private IntrospectionPolicy? Policy => Context.GetEndpoint()?.Metadata.GetMetadata<TokenPolicyMetadata>()?.Policy;

    private sealed class Feature(IntrospectionResult result) : ITokenIntrospectionFeature
    {
        public IntrospectionResult Result { get; } = result;
    }

    // 1. Is there a token? What is kept answers without a wait, and then nothing is made that only a wait needs.
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Options.Events?.OnTokenReceiving is { } receiving) return ReceiveAsync(receiving);
        var presented = PresentedToken.Read(Request.Headers.Authorization, out var token);
        if (presented is not Presented.Token) return Task.FromResult(presented is Presented.Nothing ? AuthenticateResult.NoResult() : Malformed);
        return Options.Events?.OnTokenIntrospected is null && !Options.SaveToken && Client.TryIntrospect(token, Policy, out var known) ? Task.FromResult(Judge(known, token: null)) : AskAsync(token.ToString());
    }

    private async Task<AuthenticateResult> ReceiveAsync(Func<TokenReceivingContext, Task> receiving)
    {
        var context = new TokenReceivingContext(Context, Scheme, Options);
        await receiving(context);
        if (context.Result is not null) return context.Result;
        if (context.Token is { } token) return PresentedToken.IsToken(token) ? await AskAsync(token) : Malformed;
        return PresentedToken.Read(Request.Headers.Authorization, out var presented) switch
        {
            Presented.Nothing => AuthenticateResult.NoResult(),
            Presented.Malformed => Malformed,
            _ => await AskAsync(presented.ToString()),
        };
    }

    // 2. Is it active?
    private async Task<AuthenticateResult> AskAsync(string token)
    {
        var result = await Client.IntrospectAsync(token, Policy, Context.RequestAborted);
        var judged = Judge(result, token);
        if (!judged.Succeeded || Options.Events?.OnTokenIntrospected is not { } introspected) return judged;
        var told = new TokenIntrospectedContext(Context, Scheme, Options) { Introspection = result, Principal = judged.Principal, Properties = judged.Properties };
        await introspected(told);
        if (told.Result is null) told.Success();
        return told.Result!;
    }

    // 3. Is it for this API, and who is it? At each request, from memory or not.
    private AuthenticateResult Judge(in IntrospectionResult result, string? token)
    {
        Context.Features.Set<ITokenIntrospectionFeature>(new Feature(result));
        if (result.Outcome is IntrospectionOutcome.CannotTell) return CannotTell;
        if (!result.IsActive) return Refused;
        if (result.Token is { } answer && Options.Audiences.Count > 0 && !IsForThisApi(answer)) return OtherAudience;
        return AuthenticateResult.Success(new AuthenticationTicket(Principal(result), Properties(token), Scheme.Name));
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
        return new ClaimsPrincipal(new TokenIdentity(claims, Scheme.Name, Options.NameClaimType, Options.RoleClaimType));
    }

    private AuthenticationProperties? Properties(string? token)
    {
        if (!Options.SaveToken || token is null) return null;
        var properties = new AuthenticationProperties();
        properties.StoreTokens([new AuthenticationToken { Name = "access_token", Value = token }]);
        return properties;
    }
}

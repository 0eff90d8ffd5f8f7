using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Touchstone.AspNetCore.Binding;
using Touchstone.AspNetCore.Decisions;
using Touchstone.AspNetCore.Metadata;
using Touchstone.AspNetCore.StepUp;
using Touchstone.Client;
using Touchstone.Protocol.DPoP;

namespace Touchstone.AspNetCore;

/// <summary>Takes opaque access tokens (RFC 6750, RFC 9449) and asks an introspection client about them. Starts from no identity.</summary>
internal sealed class TokenIntrospectionHandler(IOptionsMonitor<TokenIntrospectionSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IServiceProvider parts, AccessDecisions decisions, TokenPolicyOverrides overrides)
    : AuthenticationHandler<TokenIntrospectionSchemeOptions>(options, logger, encoder)
{
    private static readonly Task<object> NoEvents = Task.FromResult<object>(new TokenIntrospectionEvents());

    // What this request presented: one handler serves one request.
    private TokenScheme _scheme;
    private DPoPProof? _proof;
    private DPoPNonceState _nonce;

    private IntrospectionClient Client => Options.Client ??= parts.GetRequiredKeyedService<IntrospectionClient>(Scheme.Name);

    private TokenScheme Used => Options.DPoP.Mode is DPoPMode.Required ? TokenScheme.DPoP : _scheme;

    private ProofChecks Proofs => parts.GetRequiredKeyedService<ProofChecks>(Scheme.Name);

    private IntrospectionPolicy? Policy => overrides.For(Request, Context.GetEndpoint()?.Metadata.GetMetadata<TokenPolicyMetadata>()?.Policy, Client);

    // Of the options, or of their EventsType.
    private new TokenIntrospectionEvents Events => (TokenIntrospectionEvents)base.Events!;

    // Where nobody set any, there are none: the framework would make some for each request.
    protected override Task<object> CreateEventsAsync() => NoEvents;

    // 1. Is there a token, and the proof that goes with it? What is kept answers without a wait, and then nothing is made that only a wait needs.
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Events.OnTokenReceiving is { } receiving) return ReceiveAsync(receiving);
        if (Present(out var token) is { } nothing) return Task.FromResult(nothing);
        return Events.OnTokenIntrospected is null && !Options.SaveToken && Client.TryIntrospect(token, Policy, out var known) ? Task.FromResult(Judge(known, token: null)) : AskAsync(token.ToString());
    }

    private async Task<AuthenticateResult> ReceiveAsync(Func<TokenReceivingContext, Task> receiving)
    {
        var context = new TokenReceivingContext(Context, Scheme, Options);
        await receiving(context);
        if (context.Result is not null) return context.Result;
        if (context.Token is { } token) return PresentedToken.IsToken(token) ? await AskAsync(token) : Refusal.Malformed;
        return Present(out var presented) ?? await AskAsync(presented.ToString());
    }

    // What ends the matter before a token is looked at; null where it may be.
    private AuthenticateResult? Present(out ReadOnlySpan<char> token)
    {
        switch (PresentedToken.Read(Request, Options, out _scheme, out token))
        {
            case Presented.Nothing: return AuthenticateResult.NoResult();
            case Presented.Malformed: return Refusal.Malformed;
            case Presented.Ambiguous: return Refusal.Ambiguous;
            case Presented.TokenInQuery: KeepPrivate(); break;
        }
        return _scheme is TokenScheme.DPoP ? Prove(token) : null;
    }

    private Refusal? Prove(ReadOnlySpan<char> token)
    {
        var fault = Proofs.Judge(Request, token, out _proof, out _nonce);
        if (fault is not DPoPFault.None) Logger.ProofRefused(fault);
        return fault is not DPoPFault.None ? Refusal.BadProof : _nonce is DPoPNonceState.Bad ? Refusal.NeedsNonce : null;
    }

    // 2. Is it active?
    private async Task<AuthenticateResult> AskAsync(string token)
    {
        var result = await Client.IntrospectAsync(token, Policy, Context.RequestAborted);
        if (Events.OnTokenIntrospected is not { } introspected) return Judge(result, token);
        var judged = Tell(result);
        if (Refuse(result) is { } refusal) return refusal;
        var told = new TokenIntrospectedContext(Context, Scheme, Options) { Introspection = result, Principal = Principal(result), Properties = Properties(token) ?? new AuthenticationProperties() };
        await introspected(told);
        if (told.Result is null) told.Success();
        if (told.Result!.Succeeded) Accept(judged);
        return told.Result;
    }

    // 3. Does it come from whom it is bound to, is it for this API, and who is it? At each request, from memory or not.
    private AuthenticateResult Judge(in IntrospectionResult result, string? token)
    {
        var judged = Tell(result);
        if (Refuse(result) is { } refusal) return refusal;
        Accept(judged);
        return AuthenticateResult.Success(new AuthenticationTicket(Principal(result), Properties(token), Scheme.Name));
    }

    // Beside what another scheme accepted it is not told.
    private JudgedToken Tell(in IntrospectionResult result)
    {
        var judged = new JudgedToken(result);
        if (Context.Features.Get<ITokenIntrospectionFeature>() is not JudgedToken { IsAccepted: true }) Context.Features.Set<ITokenIntrospectionFeature>(judged);
        return judged;
    }

    private void Accept(JudgedToken judged)
    {
        judged.IsAccepted = true;
        decisions.Accept(Context, Scheme.Name, Options, judged.Judged);
    }

    private Refusal? Refuse(in IntrospectionResult result)
    {
        if (result.Outcome is IntrospectionOutcome.CannotTell) return Refusal.CannotTell;
        if (!result.IsActive) return Refusal.Inactive;
        if (_proof is null && Options.DPoP.Mode is DPoPMode.Required) return Refusal.Inactive;
        if (result.Token is { } answer)
        {
            if (!SenderBinding.Holds(answer.Confirmation, _proof, Context))
            {
                Logger.BindingRefused();
                return Refusal.Unbound;
            }
            if (Options.Audiences.Count > 0 && !IsForThisApi(answer)) return Refusal.OtherAudience;
            if (_proof is { } proof) return UseUp(proof);
        }
        return null;
    }

    private Refusal? UseUp(DPoPProof proof)
    {
        var use = Proofs.Use(proof);
        if (use is ProofUse.First)
        {
            if (_nonce is DPoPNonceState.Aging) GiveNonceWithAnswer();
            return null;
        }
        if (use is ProofUse.Again)
        {
            Logger.ProofRefused(DPoPFault.Replayed);
            return Refusal.BadProof;
        }
        // Neither let pass what may have passed before, nor make the client throw a good token away.
        Logger.ProofsFull();
        return Refusal.CannotTell;
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        // B-06: without a token no error; nor where the application itself challenges.
        var refusal = result as Refusal ?? (result.Failure is null ? null : Refusal.Inactive);
        // Another scheme of the endpoint could not tell, and said so already: whatever this one says, the token may be good.
        if (Response.StatusCode is StatusCodes.Status503ServiceUnavailable) return;
        Response.StatusCode = refusal?.Status ?? StatusCodes.Status401Unauthorized;
        decisions.Deny(Context, Scheme.Name, Options, refusal?.Reason ?? (result.None ? AccessDecisions.NoToken : AccessDecisions.Challenged));
        if (ReferenceEquals(refusal, Refusal.CannotTell))
        {
            // B-12: a good token is not dropped because nobody could be asked about it.
            Response.Headers.RetryAfter = ((long)Options.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            return;
        }
        if (ReferenceEquals(refusal, Refusal.NeedsNonce)) GiveNonce();
        Problem? problem = refusal is null ? null : new Problem(refusal.Error, refusal.Description);
        AddChallenges(Response.StatusCode is StatusCodes.Status400BadRequest ? Challenges.Of(Used, Options, ResourceMetadata, problem) : Challenges.All(Options, ResourceMetadata, Used, problem));
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var endpoint = Context.GetEndpoint();
        var scopes = endpoint?.Metadata.GetOrderedMetadata<RequiredScopeAttribute>().SelectMany(required => required.Scopes).Distinct().ToArray();
        var scope = scopes is { Length: > 0 } ? string.Join(' ', scopes) : null;
        var unmet = StepUpRequirements.Unmet(endpoint, Context.User, TimeProvider, scope);
        decisions.Deny(Context, Scheme.Name, Options, unmet is null ? AccessDecisions.Scope : AccessDecisions.StepUp);
        Response.StatusCode = unmet is null ? StatusCodes.Status403Forbidden : StatusCodes.Status401Unauthorized;
        AddChallenges(Challenges.Of(Used, Options, ResourceMetadata, unmet ?? new Problem("insufficient_scope", Scope: scope)));
        return Task.CompletedTask;
    }

    // Beside those of other schemes.
    private void AddChallenges(StringValues challenges) => Response.Headers.Append(HeaderNames.WWWAuthenticate, challenges);

    private string? ResourceMetadata => Options.ResourceMetadata ?? parts.GetRequiredService<MappedMetadata>().Find(Scheme.Name);

    private void GiveNonce()
    {
        Response.Headers["DPoP-Nonce"] = Proofs.NewNonce();
        Response.Headers.CacheControl = "no-store";
    }

    // When the headers leave: what the endpoint says of caching does not count beside a nonce (RFC 9449 §8.2).
    private void GiveNonceWithAnswer() => Response.OnStarting(static handler =>
    {
        ((TokenIntrospectionHandler)handler).GiveNonce();
        return Task.CompletedTask;
    }, this);

    // B-03: the URL has a token in it.
    private void KeepPrivate() => Response.OnStarting(static response =>
    {
        var headers = ((HttpResponse)response).Headers;
        if (!headers.CacheControl.ToString().Contains("no-store", StringComparison.OrdinalIgnoreCase)) headers.CacheControl = "private";
        return Task.CompletedTask;
    }, Response);

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

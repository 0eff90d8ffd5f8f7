using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.TokenExchange;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.TokenIssue;

/// <summary>
/// Token exchange (RFC 8693): a client that holds a token of somebody gets one for another target. Read it downward; the rule that decides is <see cref="ExchangeRules"/>.
/// Whatever comes between judging the tokens and writing the new one ends it: its birth was taken before, and all that could end them names it too.
/// </summary>
internal sealed class TokenExchangeGrant(
    ITokenStore store, TokenLookup tokens, ISubjectStore subjects, ClientDirectory clients, TokenIssuer issuer, DetailTypes types, TokenBinding binding, TokenFormat format, ServerOptions options, ILogger<TokenExchangeGrant> logger) : IGrant
{
    // One text for all that may be wrong with a token: who brings one that is not his learns nothing about it.
    private static readonly OAuthError NotAcceptable = OAuthError.InvalidRequest.With("The subject token or the actor token is not acceptable.");

    public string Type => GrantTypes.TokenExchange;

    public bool IsByDefault(TokenRequest request) => request.Client.Registration.Grants?.TokenExchange is not null;

    public async ValueTask<GrantResult> IssueAsync(TokenRequest request)
    {
        // 1. Is anything registered? Only for who authenticates: else a stolen token could be multiplied.
        if (request.Client.Registration is not { Public: false, Kind: ClientRegistration.ClientKind, Grants.TokenExchange: { } registered }) return OAuthError.UnauthorizedClient;

        // 2. What is asked for?
        if (ExchangeRequest.TryRead(request, out var asked) is { } unreadable) return unreadable;
        if (ExchangeTargets.Choose(request, registered.Targets ?? [], clients) is not { } audience) return OAuthError.InvalidTarget;

        if (await binding.UseProofAsync(request) is { } replayed) return replayed;

        // 3. Whose tokens are they?
        var subject = await FindAsync(request, request.Exchange.Form["subject_token"u8], asked.SubjectType);
        var actor = asked.ActorType is { } actorType ? await FindAsync(request, request.Exchange.Form["actor_token"u8], actorType) : null;

        // 4. May it be?
        var (token, draft) = issuer.CreateAccessToken(request.Client, request.Born);
        var decision = ExchangeRules.Decide(new ExchangeAttempt
        {
            Draft = draft with { Audience = audience, Confirmation = request.Confirmation },
            Policy = registered.PolicyOf(request.Client, options.EffectiveIssuer),
            Subject = subject,
            Actor = actor,
            Scope = request.Scope,
        });
        if (decision.Record is not { } record) return Refuse(request, decision);
        var details = ExchangeRequest.DetailsOf(request, types, subject.Record!, audience);
        if (details.Error is { } notGranted) return notGranted;

        // 5. Written first, told then.
        var finished = await issuer.FinishAsync(request, token, record with { AuthorizationDetails = details.Json });
        if (finished.Tokens is not { } issued) return finished;
        if (asked.WantsJwt && !issued.AccessToken.Contains('.')) return OAuthError.InvalidRequest.With($"This client is not issued JWTs for these resources: name {TokenTypes.AccessToken} as requested_token_type, or none.");
        if (await store.AddTokensAsync([issued.Record], epoch: request.Epoch) >= 0) throw new InvalidOperationException("a new random token was there already");
        return issued with { IssuedTokenType = asked.WantsJwt ? TokenTypes.Jwt : TokenTypes.AccessToken };
    }

    private ValueTask<PresentedToken> FindAsync(TokenRequest request, ReadOnlySpan<byte> token, string type)
    {
        // What was never issued needs no look-up.
        if (format.Inspect(token) is TokenShape.Malformed or TokenShape.Impossible) return new(new PresentedToken(null, null));
        var hasForm = type != TokenTypes.Jwt || SignedJwt.TryRead(token, out _);
        return FindAsync(request, TokenHash.Of(token), hasForm);
    }

    // Memory keeps not all of a record, so the store is asked; the rows are judged when it has answered.
    private async ValueTask<PresentedToken> FindAsync(TokenRequest request, TokenHash hash, bool hasForm)
    {
        var found = await tokens.FindAsync(hash, CancellationToken.None);
        return found.Record is not { } record ? new PresentedToken(null, null) : new PresentedToken(record, found.Match)
        {
            HasDeclaredForm = hasForm,
            IsKeyProven = BindingRules.IsProven(record.Confirmation, request.Presented),
            IsSubjectEnabled = record.Subject is { } subject && ExchangeRules.TryReadHome(record, options.EffectiveIssuer, out var home) && await IsEnabledAsync(home, subject),
        };
    }

    // A disabled subject gets no token, whoever asks (L12): neither by the name that its issuer gave it, nor by the same name here, which the new token has.
    private async ValueTask<bool> IsEnabledAsync(string home, string subject) =>
        await subjects.FindDisabledAsync(home, subject, CancellationToken.None) is null
        && (home == options.EffectiveIssuer || await subjects.FindDisabledAsync(options.EffectiveIssuer, subject, CancellationToken.None) is null);

    private GrantResult Refuse(TokenRequest request, in ExchangeDecision decision)
    {
        logger.ExchangeRefused(request.Client.Id, decision.Reason, RequestIds.Of(request.Exchange.Http));
        var error = decision.Fault switch
        {
            ExchangeFault.Scope => OAuthError.InvalidScope,
            ExchangeFault.Mode => OAuthError.UnauthorizedClient.With(decision.IsOfActor ? "This client may not name an actor." : "This client may not exchange a token without naming an actor."),
            _ => NotAcceptable,
        };
        return new GrantResult(error, null, decision.Reason);
    }
}

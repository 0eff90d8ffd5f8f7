using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Detection;
using Touchstone.Server.Http;
using Touchstone.Server.Leases;
using Touchstone.Server.Limits;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Introspection;

/// <summary>A token as it was found, and as it was judged for a caller; <c>IsBlocked</c> when its state is not to be told here for now.</summary>
internal readonly record struct JudgedToken(FoundToken Found, InactiveReason Reason, bool IsBlocked = false);

/// <summary>What one token's introspection and a batch have in common. The rule that decides is <see cref="IntrospectionRules"/>, what is shown is <see cref="IntrospectionView"/>'s.</summary>
internal sealed class IntrospectionSteps(ClientAuthenticator clients, TokenLookup tokens, Freshness freshness, TokenFormat format, CallerLimits limits, TokenSpread spread, AuditLog audit, ServerOptions options, ILogger<IntrospectionSteps> logger, TimeProvider time)
{
    private static readonly OAuthError NoCaller = OAuthError.InvalidRequest.With("A signed answer is for a caller that authenticates.");

    /// <summary>Finds out who asks, and whether it may; refuses it otherwise. A known secret is judged at once.</summary>
    internal ValueTask<bool> AdmitAsync(FormExchange exchange, string endpoint)
    {
        var authenticating = clients.AuthenticateAsync(exchange, acceptsBearer: true);
        return authenticating.IsCompletedSuccessfully ? new(Admit(exchange, endpoint, authenticating.Result)) : AwaitCallerAsync(exchange, endpoint, authenticating);
    }

    /// <summary>Finds out once more who asks and whether it may, for a request that waited: a secret, a token or a registration may have ended meanwhile. It is charged nothing.</summary>
    internal async ValueTask<bool> AdmitAgainAsync(FormExchange exchange, string endpoint) => MayIntrospect(exchange, endpoint, await clients.AuthenticateAsync(exchange, acceptsBearer: true)) && limits.AdmitAgain(exchange);

    /// <summary>Finds a token and judges it for the caller. A store that fails is an exception, and 503.</summary>
    internal ValueTask<JudgedToken> JudgeAsync(FormExchange exchange, ReadOnlySpan<byte> token)
    {
        // What was never issued needs no look-up.
        if (format.Inspect(token) is TokenShape.Malformed or TokenShape.Impossible) return new(new JudgedToken(default, InactiveReason.Malformed));

        // Its record, and the row of the revocation log that ends it.
        var finding = tokens.FindAsync(token, CancellationToken.None);
        return finding.IsCompletedSuccessfully && finding.Result.Record is not { Kind: TokenKind.RefreshToken } ? new(Decide(exchange, finding.Result)) : DecideAsync(exchange, finding);
    }

    /// <summary>Records what was judged. Awaited before the answer: with audit "all" nothing is answered that is not in the file.</summary>
    internal ValueTask RecordAsync(FormExchange exchange, ReadOnlySpan<byte> token, in JudgedToken judged)
    {
        exchange.Caller!.Gate.Activity.Count(judged.Reason, exchange.AsOf is not null);
        return audit.Introspected(exchange, token, judged.Found, judged.Reason);
    }

    /// <summary>Refuses what is about a token that is blocked.</summary>
    internal void RefuseBlocked(FormExchange exchange) => spread.Refuse(exchange);

    /// <summary>The answer in the form of the wire: as much as the caller may see.</summary>
    internal ReadOnlySpan<byte> AnswerOf(FormExchange exchange, in JudgedToken judged)
    {
        if (judged.Reason is InactiveReason.None) return tokens.AnswerOf(judged.Found.Entry!, exchange.Caller!.Caller.View);
        if (logger.IsEnabled(LogLevel.Debug)) logger.Inactive(exchange.Caller!.Id, judged.Reason.Name(), RequestIds.Of(exchange.Http));
        return IntrospectionResponse.Inactive;
    }

    private async ValueTask<bool> AwaitCallerAsync(FormExchange exchange, string endpoint, ValueTask<ClientAuthResult> authenticating)
    {
        var isAdmitted = Admit(exchange, endpoint, await authenticating);
        if (isAdmitted) await freshness.EnsureAsync(); // That took its time, and memory decides about the token.
        return isAdmitted;
    }

    // From here, and so often? A batch is charged one for each token.
    private bool Admit(FormExchange exchange, string endpoint, in ClientAuthResult caller) => MayIntrospect(exchange, endpoint, caller) && limits.Admit(exchange, exchange.Tokens);

    private bool MayIntrospect(FormExchange exchange, string endpoint, in ClientAuthResult caller)
    {
        // An identifier alone proves nothing (I-09).
        if (caller.Client is null || caller.Method is ClientAuthMethod.None)
        {
            var failed = caller.Client is null ? caller : ClientAuthResult.Fail(AuthFailure.Missing);
            if (failed.IsOfCaller) logger.AuthenticationFailed(endpoint, failed.Reason, RequestIds.Of(exchange.Http));
            // Nobody is given less than the signed answer that he asked for (RFC 9701 §5), and who did not say who he is, none.
            if (exchange.Wanted is AnswerForm.Signed && failed.Failure is AuthFailure.Missing && !options.SignedAnswers.ChallengeMissingCredentials) exchange.Refuse(NoCaller, failed.Reason);
            else exchange.Refuse(failed);
            return false;
        }
        exchange.Caller = caller.Client;
        if (caller.Client.Caller.MayIntrospect) return true;
        exchange.Refuse(OAuthError.AccessDenied);
        return false;
    }

    private async ValueTask<JudgedToken> DecideAsync(FormExchange exchange, ValueTask<FoundToken> finding)
    {
        var found = await finding;
        // Where nothing else is wrong with a refresh token, it may have been used.
        return found.Record is { Kind: TokenKind.RefreshToken } && ReasonOf(exchange, found) is InactiveReason.None ? Decide(exchange, await tokens.WithUseAsync(found, CancellationToken.None)) : Decide(exchange, found);
    }

    private JudgedToken Decide(FormExchange exchange, in FoundToken found)
    {
        var reason = ReasonOf(exchange, found);
        if (reason is InactiveReason.None && found.IsUsed) reason = InactiveReason.Used;
        return new(found, reason, reason is InactiveReason.None && spread.Blocks(exchange, found.Entry!));
    }

    private InactiveReason ReasonOf(FormExchange exchange, in FoundToken found) => IntrospectionRules.Decide(found.Record, exchange.Caller!.Caller, found.Match, time.GetUtcNow().ToUnixTimeSeconds()).Reason;
}

using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Introspection;

/// <summary>
/// <c>POST /oauth/introspect</c> (RFC 7662). Read it downward: each step may end the request, and the order is the security argument.
/// The rule that decides is <see cref="IntrospectionRules"/>.
/// </summary>
internal sealed class IntrospectionEndpoint(ClientAuthenticator clients, TokenLookup tokens, TokenFormat format, AuditLog audit, ILogger<IntrospectionEndpoint> logger, TimeProvider time)
{
    internal ValueTask HandleAsync(FormExchange exchange)
    {
        // 1. Who asks? A known secret is judged at once.
        var authenticating = clients.AuthenticateAsync(exchange, acceptsBearer: true);
        return authenticating.IsCompletedSuccessfully ? AnswerAsync(exchange, authenticating.Result) : AwaitCallerAsync(exchange, authenticating);
    }

    private async ValueTask AwaitCallerAsync(FormExchange exchange, ValueTask<ClientAuthResult> authenticating) => await AnswerAsync(exchange, await authenticating);

    private ValueTask AnswerAsync(FormExchange exchange, in ClientAuthResult caller)
    {
        // An identifier alone proves nothing (I-09).
        if (caller.Client is null || caller.Method is ClientAuthMethod.None) return Refuse(exchange, caller.Client is null ? caller : ClientAuthResult.Fail(AuthFailure.Missing));
        exchange.Caller = caller.Client;

        // 2. May it ask?
        if (!caller.Client.Caller.MayIntrospect) return Refuse(exchange, OAuthError.AccessDenied);

        // 3. About what? Only now: who is not known learns nothing about its request (I-02).
        if (!IntrospectionRequest.TryRead(exchange.Form, out var request)) return Refuse(exchange, OAuthError.InvalidRequest.With("The parameter token is missing."));

        // 4. A token that was never issued needs no look-up.
        if (format.Inspect(request.Token) is TokenShape.Malformed or TokenShape.Impossible) return Answer(exchange, default, InactiveReason.Malformed, default);

        // 5. Its record, and the row of the revocation log that ends it. A store that fails is an exception, and 503.
        var finding = tokens.FindAsync(request.Token, CancellationToken.None);
        return finding.IsCompletedSuccessfully ? Decide(exchange, finding.Result) : DecideAsync(exchange, finding);
    }

    private async ValueTask DecideAsync(FormExchange exchange, ValueTask<FoundToken> finding) => await Decide(exchange, await finding);

    // 6. The decision, and the answer.
    private ValueTask Decide(FormExchange exchange, in FoundToken found)
    {
        var decision = IntrospectionRules.Decide(found.Record, exchange.Caller!.Caller, found.Match, time.GetUtcNow().ToUnixTimeSeconds());
        return Answer(exchange, decision.IsActive ? found : default, decision.Reason, found);
    }

    // Recorded first: with audit "all" nothing is answered that is not in the file.
    private ValueTask Answer(FormExchange exchange, in FoundToken active, InactiveReason reason, in FoundToken found)
    {
        var recorded = audit.Introspected(exchange, found, reason);
        if (!recorded.IsCompletedSuccessfully) return AnswerAsync(exchange, active, reason, recorded);
        Answer(exchange, active, reason);
        return ValueTask.CompletedTask;
    }

    private async ValueTask AnswerAsync(FormExchange exchange, FoundToken active, InactiveReason reason, ValueTask recorded)
    {
        await recorded;
        Answer(exchange, active, reason);
    }

    private void Answer(FormExchange exchange, in FoundToken active, InactiveReason reason)
    {
        if (active.Entry is null)
        {
            logger.Inactive(exchange.Caller!.Id, reason.Name());
            exchange.Answer(IntrospectionResponse.Inactive, "inactive", reason.Name());
        }
        else
        {
            exchange.Answer(active.Entry.Answer, "active", reason.Name());
        }
    }

    private static ValueTask Refuse(FormExchange exchange, OAuthError error)
    {
        exchange.Refuse(error);
        return ValueTask.CompletedTask;
    }

    private ValueTask Refuse(FormExchange exchange, ClientAuthResult failed)
    {
        logger.AuthenticationFailed("introspect", failed.Reason);
        exchange.Refuse(failed);
        return ValueTask.CompletedTask;
    }
}

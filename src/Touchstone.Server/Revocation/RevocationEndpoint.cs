using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Revocation;

/// <summary><c>POST /oauth/revoke</c> (RFC 7009). 200 says: if this token was yours, it is dead now, on disk and in memory.</summary>
internal sealed class RevocationEndpoint(ClientAuthenticator clients, TokenLookup tokens, RevocationLog log, TokenFormat format, ILogger<RevocationEndpoint> logger)
{
    internal async ValueTask HandleAsync(FormExchange exchange, CancellationToken cancellationToken)
    {
        // 1. Whose token? A public client names itself (RFC 7009 §2.1); it can only end what is its own.
        var caller = clients.Authenticate(exchange);
        if (caller.Client is null)
        {
            logger.AuthenticationFailed("revoke", caller.Reason);
            exchange.Refuse(caller);
            return;
        }
        exchange.Caller = caller.Client;

        // 2. Which token?
        if (!TryReadHash(exchange, out var hash, out var isPossible))
        {
            exchange.Refuse(OAuthError.InvalidRequest.With("The parameter token is missing."));
            return;
        }

        // 3. Unknown, foreign and already revoked tokens get the same answer as one that is revoked now: no oracle (L16).
        var found = isPossible ? await tokens.FindAsync(hash, cancellationToken) : default;
        var outcome = await RevokeAsync(caller.Client.Id, found);
        exchange.AnswerEmpty(outcome, outcome);
    }

    private async ValueTask<string> RevokeAsync(string caller, FoundToken found)
    {
        if (found.Record is null) return "unknown";
        if (found.Record.ClientId != caller)
        {
            logger.ForeignRevocation(caller, found.Record.ClientId);
            return "foreign";
        }
        if (found.Match is not null) return "already_revoked";
        var row = await log.RevokeAsync(found.Record, caller, reason: null);
        logger.Revoked(row.Seq, caller, "a token of its own");
        return "revoked";
    }

    private bool TryReadHash(FormExchange exchange, out TokenHash hash, out bool isPossible)
    {
        hash = default;
        isPossible = false;
        if (!RevocationRequest.TryRead(exchange.Form, out var request)) return false;
        isPossible = format.Inspect(request.Token) is TokenShape.Ours or TokenShape.Foreign;
        if (isPossible) hash = TokenHash.Of(request.Token);
        return true;
    }
}

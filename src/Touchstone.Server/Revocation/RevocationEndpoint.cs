using System.Text;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Admin;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Http;
using Touchstone.Server.Limits;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Revocation;

/// <summary><c>POST /oauth/revoke</c> (RFC 7009). 200 says: if this token was yours, it is dead now, on disk and in memory.</summary>
internal sealed class RevocationEndpoint(ClientAuthenticator clients, TokenLookup tokens, RevocationLog log, TokenFormat format, CallerLimits limits, ILogger<RevocationEndpoint> logger)
{
    internal async ValueTask HandleAsync(FormExchange exchange)
    {
        // 1. Whose token? A public client names itself (RFC 7009 §2.1); it can only end what is its own.
        var caller = await clients.AuthenticateAsync(exchange);
        if (caller.Client is null)
        {
            if (caller.IsOfCaller) logger.AuthenticationFailed("revoke", caller.Reason, RequestIds.Of(exchange.Http));
            exchange.Refuse(caller);
            return;
        }
        exchange.Caller = caller.Client;
        Audit.AuditOrigin.Begin(exchange.Http, caller.Client.Id);

        // 2. May it come from here, and so often?
        if (!limits.Admit(exchange)) return;

        // 3. Which token?
        if (!RevocationRequest.TryRead(exchange.Form, out var request))
        {
            exchange.Refuse(OAuthError.InvalidRequest.With("The parameter token is missing."));
            return;
        }

        // 4. Unknown, foreign and already revoked tokens get the same answer as one that is revoked now: no oracle (L16).
        var found = format.Inspect(request.Token) is TokenShape.Ours or TokenShape.Foreign ? tokens.FindAsync(request.Token, CancellationToken.None) : default;
        var outcome = await RevokeAsync(exchange, caller.Client.Id, await found);
        exchange.AnswerEmpty(outcome, outcome);
    }

    private async ValueTask<string> RevokeAsync(FormExchange exchange, string caller, FoundToken found)
    {
        if (found.Record is null) return "unknown";
        if (found.Record.ClientId != caller)
        {
            logger.ForeignRevocation(caller, found.Record.ClientId, RequestIds.Of(exchange.Http));
            return "foreign";
        }
        // Whatever ended it may have left alive what is only known to be made from it: its own row takes that with it.
        var row = await log.RevokeAsync(found.Record, caller, reason: null, JwtOf(exchange.Form, found.Record));
        if (!row.IsNew) return "already_revoked";
        logger.Revoked(row.Seq, caller, "a token of its own", RequestIds.Of(exchange.Http));
        return "revoked";
    }

    // Registered by its hash it has no jti here, and who judges JWTs without asking knows it by that alone.
    private static Selector? JwtOf(OAuthForm form, TokenRecord record) =>
        record.Jti is null && RevocationSelector.IsJwt(Encoding.UTF8.GetString(form["token"u8]), out var issuer, out var jti) && issuer == record.Issuer ? Selector.Jwt(issuer, jti) : null;
}

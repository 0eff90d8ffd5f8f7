using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary><c>POST /admin/revocations</c>: ends any token, by value or by hash.</summary>
internal sealed class RevocationsAdmin(TokenLookup tokens, ITokenStore store, RevocationLog log, ILogger<RevocationsAdmin> logger)
{
    internal async Task RevokeAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.TokenReference) is not { } asked || !TokenRegistration.TryReadHash(exchange, asked, out var hash)) return;
        if (asked.As is not null)
        {
            exchange.Refuse(400, "An administrator revokes as itself.", new ProblemError("not for a revocation", "as"));
            return;
        }

        var found = await tokens.FindAsync(hash, exchange.Aborted);
        var outcome = found switch
        {
            { Record: null } => await log.RevokeUnknownAsync(hash, exchange.Actor, reason: null),
            { Match: { } match } => new RevocationOutcome(match.Seq, IsNew: false),
            _ => await log.RevokeAsync(found.Record, exchange.Actor, reason: null),
        };
        var status = !outcome.IsNew ? "already_revoked" : found.Record is null ? "unknown" : "revoked";
        if (outcome.IsNew) logger.Revoked(outcome.Seq, exchange.Actor, "a token");
        var id = outcome.IsNew ? outcome.Id : (await store.FindRowAsync(outcome.Seq, exchange.Aborted))?.Id ?? default;
        exchange.Answer(StatusCodes.Status200OK, new RevocationView(id, outcome.Seq, status, hash.ToString()), AdminJson.Default.RevocationView);
    }
}

using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Detection;

/// <summary>Tells of a detection: a metric, an audit event, a warning in the log.</summary>
internal sealed class DetectionLog(AuditLog audit, ServerMetrics metrics, ILogger<DetectionLog> logger)
{
    internal const string Scanning = "token_scanning", Rate = "unusual_rate", Refusals = "unusual_refusals";

    internal void Caller(string detection, Client client, CallerCounts counts, bool isBlocked)
    {
        metrics.Detected(detection);
        logger.Detected(detection, client.Id, isBlocked);
        audit.Record(new AuditEvent(AuditKind.Detection)
        {
            Outcome = Outcome(isBlocked),
            Reason = detection,
            Actor = RevocationRow.Server,
            Client = client.Id,
            Tenant = client.Registration.Tenant,
            More = [new("introspections", counts.Asked), new("inactive", counts.Inactive), new("unknown", counts.Unknown)],
        });
    }

    internal void Spread(FormExchange exchange, TokenRecord token, int addresses, bool isBlocked)
    {
        metrics.Detected(TokenSpread.Reason);
        logger.Detected(TokenSpread.Reason, exchange.Caller!.Id, isBlocked);
        audit.Record(new AuditEvent(AuditKind.Detection)
        {
            Outcome = Outcome(isBlocked),
            Reason = TokenSpread.Reason,
            Actor = exchange.Caller!.Id,
            Client = token.ClientId,
            Subject = token.Subject,
            Session = token.Session,
            Grant = token.Grant,
            Tenant = token.Tenant,
            Token = token.Hash,
            Origin = AuditOrigin.Of(exchange.Http, exchange.Caller.Id),
            More = [new("addresses", (long)addresses)],
        });
    }

    /// <summary>A refresh token came a second time, and its family was ended for it.</summary>
    internal void Reuse(FormExchange exchange, TokenRecord token, string grant, long revocation)
    {
        metrics.Detected(TokenIssue.Refresh.RefreshReuse.Reason);
        audit.Record(new AuditEvent(AuditKind.Detection)
        {
            Outcome = Outcome(isBlocked: true),
            Reason = TokenIssue.Refresh.RefreshReuse.Reason,
            Actor = exchange.Caller!.Id,
            Client = token.ClientId,
            Subject = token.Subject,
            Session = token.Session,
            Grant = grant,
            Tenant = token.Tenant,
            Token = token.Hash,
            Origin = AuditOrigin.Of(exchange.Http, exchange.Caller.Id),
            Revocation = revocation,
        });
    }

    private static string Outcome(bool isBlocked) => isBlocked ? "blocked" : "observed";
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Detection;
using Touchstone.Server.Http;
using Touchstone.Server.Revocation;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>What follows from the second use of a refresh token: one of the two who had it is a thief, so its family ends, at every node, before anybody is answered (RFC 9700 §4.14.2).</summary>
internal sealed class RefreshReuse(RevocationLog log, DetectionLog detections, ILogger<RefreshReuse> logger)
{
    internal const string Reason = "refresh_token_reuse";

    // Those that come at once share one row.
    private readonly ConcurrentDictionary<string, Lazy<Task>> _ending = new(StringComparer.Ordinal);

    /// <summary>Ends the family; done when no node accepts a token of it.</summary>
    internal Task EndAsync(FormExchange exchange, TokenRecord record, string grant) =>
        _ending.GetOrAdd(grant, (grant, asked) => new Lazy<Task>(() => EndOnceAsync(asked.exchange, asked.record, grant)), (exchange, record)).Value;

    private async Task EndOnceAsync(FormExchange exchange, TokenRecord record, string grant)
    {
        try
        {
            const string Why = "a refresh token was used twice";
            // The token too: what was registered as made from it may name it alone.
            var ended = await log.RevokeAsync(
                [new RevocationLog.Asked(Selector.Grant(grant), log.ForgetAfterEverything(), Why), new RevocationLog.Asked(Selector.Token(record.Hash), log.ForgetAfter(record), Why)], RevocationRow.Server);
            if (!ended[0].IsNew) return;
            detections.Reuse(exchange, record, grant, ended[0].Seq);
            logger.RefreshReused(record.ClientId, ended[0].Seq, RequestIds.Of(exchange.Http));
        }
        finally
        {
            _ending.TryRemove(grant, out _);
        }
    }
}

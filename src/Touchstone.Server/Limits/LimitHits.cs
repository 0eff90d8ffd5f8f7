using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Audit;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Limits;

/// <summary>
/// Tells the audit of requests that a limit refused: the first at once, those that follow as one event with their number each time the clock ticks. So a flood leaves a trace and is none itself.
/// </summary>
internal sealed class LimitHits(AuditLog audit, ILogger<LimitHits> logger)
{
    internal const int MaxKeys = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Limit, string Who), Hits> _hits = [];

    /// <summary>Counts one refused request. The caller is the one that was known, or the one that was named.</summary>
    internal void Count(string limit, string? client, string endpoint, HttpContext http)
    {
        lock (_lock)
        {
            var key = (limit, client ?? http.Connection.RemoteIpAddress?.ToString() ?? "");
            if (!_hits.ContainsKey(key) && _hits.Count >= MaxKeys) key = (limit, "");
            if (_hits.TryGetValue(key, out var hits))
            {
                hits.Count++;
                return;
            }
            hits = new Hits(client, endpoint, AuditOrigin.Of(http, null));
            _hits.Add(key, hits);
            Tell(limit, hits, 1);
        }
    }

    /// <summary>Tells of what was counted since. Called by the clock.</summary>
    internal void Flush()
    {
        lock (_lock)
        {
            foreach (var (key, hits) in _hits)
            {
                if (hits.Count == 0) _hits.Remove(key);
                else Tell(key.Limit, hits, hits.Count);
                hits.Count = 0;
            }
        }
    }

    private void Tell(string limit, Hits hits, long count)
    {
        logger.LimitHit(limit, hits.Client ?? "-", count);
        audit.Record(new AuditEvent(AuditKind.LimitHit) { Outcome = "failure", Reason = limit, Client = hits.Client, Endpoint = hits.Endpoint, Origin = hits.Origin, More = [new("refused", count)] });
    }

    private sealed class Hits(string? client, string endpoint, AuditOrigin origin)
    {
        internal string? Client => client;
        internal string Endpoint => endpoint;
        internal AuditOrigin Origin => origin;
        internal long Count { get; set; }
    }
}

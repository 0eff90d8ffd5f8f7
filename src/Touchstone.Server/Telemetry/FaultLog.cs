using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Telemetry;

/// <summary>Tells of faults that can come with every request: of the first at once and with its stack, then every ten seconds of one, with how many came between. A disk that is full must not be filled by its log.</summary>
internal sealed class FaultLog(ILogger<FaultLog> logger, TimeProvider time)
{
    private readonly Seldom _store = new(time), _audit = new(time);

    internal void StoreFailed(string endpoint, HttpContext http, Exception error)
    {
        if (_store.IsTime(out var untold)) logger.StoreFailed(endpoint, untold, RequestIds.Of(http), error);
    }

    internal void AuditFailed(Exception error)
    {
        if (_audit.IsTime(out var untold)) logger.AuditFailed(untold, error);
    }

    private sealed class Seldom(TimeProvider time)
    {
        private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

        private readonly Lock _lock = new();
        private long? _told;
        private long _untold;

        internal bool IsTime(out long untold)
        {
            lock (_lock)
            {
                untold = _untold;
                if (_told is { } told && time.GetElapsedTime(told) < Between)
                {
                    _untold++;
                    return false;
                }
                _told = time.GetTimestamp();
                _untold = 0;
                return true;
            }
        }
    }
}

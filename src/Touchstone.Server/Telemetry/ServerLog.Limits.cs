using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Telemetry;

/// <summary>What is logged about limits and detections.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(90, LogLevel.Warning, "Limit {Limit} met by {ClientId}: {Count} refused")]
    internal static partial void LimitHit(this ILogger logger, string limit, string clientId, long count);

    [LoggerMessage(92, LogLevel.Error, "What limits and detections do outside of requests broke off, and is tried again in ten seconds")]
    internal static partial void ClockFailed(this ILogger logger, Exception error);

    [LoggerMessage(91, LogLevel.Warning, "Detected {Detection} by {ClientId}; blocked: {IsBlocked}")]
    internal static partial void Detected(this ILogger logger, string detection, string clientId, bool isBlocked);
}

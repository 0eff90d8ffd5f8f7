using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Telemetry;

/// <summary>What is logged about how callers prove themselves.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(40, LogLevel.Warning, "The keys at {Uri} can't be had: {Reason}")]
    internal static partial void KeysUnreadable(this ILogger logger, string uri, string reason);

    [LoggerMessage(42, LogLevel.Warning, "The times of secrets' last use were not written; tried again in a minute")]
    internal static partial void SecretUsesNotSaved(this ILogger logger, Exception error);
}

using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Telemetry;

/// <summary>What is said of signing keys.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(100, LogLevel.Information, "A new signing key for {Algorithm}, {Kid}, signs from {From}")]
    private static partial void SigningKeyAdded(ILogger logger, string algorithm, string kid, string from);

    // As ISO 8601: the logger would write a time as the culture has it.
    internal static void SigningKeyAdded(this ILogger logger, string algorithm, string kid, DateTimeOffset from)
    {
        if (logger.IsEnabled(LogLevel.Information)) SigningKeyAdded(logger, algorithm, kid, from.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    [LoggerMessage(101, LogLevel.Warning, "Signing keys are encrypted with a key of the same database: a copy of it holds both. Give every node the same file with Touchstone:Signing:KeyFile (docs/keys.md)")]
    internal static partial void KeysBesideTheirSeal(this ILogger logger);

    [LoggerMessage(102, LogLevel.Warning, "The signing keys can't be read again: {Reason}. Those in memory serve")]
    internal static partial void KeysUnread(this ILogger logger, string reason);

    [LoggerMessage(105, LogLevel.Error, "The signing keys could not be read for a minute: {Reason}. Nothing is signed until they can, and jwks.json is answered 503")]
    internal static partial void KeysTooOld(this ILogger logger, string reason);

    [LoggerMessage(106, LogLevel.Information, "The signing keys can be read again")]
    internal static partial void KeysReadAgain(this ILogger logger);

    [LoggerMessage(107, LogLevel.Error, "{Reason} This node changes no keys meanwhile, and signs nothing once that one is to sign")]
    internal static partial void SigningKeyLocked(this ILogger logger, string reason);

    [LoggerMessage(103, LogLevel.Warning, "{Actor} retired the signing key {Kid}; request {Request}")]
    internal static partial void SigningKeyRetired(this ILogger logger, string actor, string kid, string request);

    [LoggerMessage(104, LogLevel.Information, "{Actor} rotated the signing key for {Algorithm}; request {Request}")]
    internal static partial void SigningKeyRotated(this ILogger logger, string actor, string algorithm, string request);
}

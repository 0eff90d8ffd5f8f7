using Microsoft.Extensions.Logging;
using Touchstone.Protocol.DPoP;

namespace Touchstone.Server.Telemetry;

/// <summary>What is logged about how callers prove themselves.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(40, LogLevel.Warning, "The keys at {Uri} can't be had: {Reason}")]
    internal static partial void KeysUnreadable(this ILogger logger, string uri, string reason);

    [LoggerMessage(41, LogLevel.Error, "A secret of client {ClientId} can't be read, and its assertions are refused: {File} is missing, or is not the key that the secret was kept with. Put it there from the node or the backup that has it, and start again. Not told again for others")]
    internal static partial void SecretUnreadable(this ILogger logger, string clientId, string file);

    [LoggerMessage(43, LogLevel.Information, "A DPoP proof of client {ClientId} was refused: {Fault}; request {Request}")]
    internal static partial void ProofRefused(this ILogger logger, string clientId, DPoPFault fault, string request);

    [LoggerMessage(42, LogLevel.Warning, "The times of secrets' last use were not written; tried again in a minute")]
    internal static partial void SecretUsesNotSaved(this ILogger logger, Exception error);
}

using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Telemetry;

/// <summary>What is logged about token exchange.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(110, LogLevel.Information, "Client {ClientId} was refused an exchange: {Reason}; request {Request}")]
    internal static partial void ExchangeRefused(this ILogger logger, string clientId, string reason, string request);
}

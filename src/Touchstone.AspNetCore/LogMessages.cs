using Microsoft.Extensions.Logging;
using Touchstone.Protocol.DPoP;

namespace Touchstone.AspNetCore;

/// <summary>Everything that the handler logs. Never a token, a proof, or what a client wrote.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Debug, "A DPoP proof was refused: {Fault}.")]
    internal static partial void ProofRefused(this ILogger logger, DPoPFault fault);

    [LoggerMessage(2, LogLevel.Debug, "An active token was refused: it did not come as it is bound (cnf), or came as if it were bound and is not.")]
    internal static partial void BindingRefused(this ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "A DPoP proof can't be remembered, so it can't be used: more than DPoP.MaxProofs are in use. Requests are answered 503.")]
    internal static partial void ProofsFull(this ILogger logger);
}

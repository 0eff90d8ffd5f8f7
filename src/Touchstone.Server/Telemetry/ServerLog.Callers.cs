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
    private static partial void ProofRefused(ILogger logger, string clientId, string fault, string request);

    /// <summary>In words of docs/bound-tokens.md.</summary>
    internal static void ProofRefused(this ILogger logger, string clientId, DPoPFault fault, string request) => ProofRefused(logger, clientId, Words(fault), request);

    private static string Words(DPoPFault fault) => fault switch
    {
        DPoPFault.Count => "there is none, or more than one header DPoP",
        DPoPFault.TooLong => "it is longer than 8 KiB",
        DPoPFault.Malformed => "it is no JWT, or a claim is missing or has the wrong type",
        DPoPFault.OtherKind => "typ is not dpop+jwt",
        DPoPFault.Algorithm => "alg is none of dpop_signing_alg_values_supported, or the header asks for what is not known (crit)",
        DPoPFault.Key => "jwk is missing, private, too weak, or not for alg",
        DPoPFault.Id => "jti is not 1 to 256 characters",
        DPoPFault.Method => "htm is not POST",
        DPoPFault.Uri => "htu is not the token endpoint as clients see it",
        DPoPFault.Time => "iat is not within DPoP:ProofWindow of this server's clock",
        DPoPFault.Token => "ath is missing, or of another token",
        DPoPFault.Signature => "the signature is not that of jwk",
        DPoPFault.Replayed => "it was used before",
        _ => "it is wrong",
    };

    [LoggerMessage(42, LogLevel.Warning, "The times of secrets' last use were not written; tried again in a minute")]
    internal static partial void SecretUsesNotSaved(this ILogger logger, Exception error);
}

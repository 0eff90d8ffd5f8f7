using Microsoft.Extensions.Logging;
using Touchstone.Client.Follow;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Client.Telemetry;

/// <summary>Everything that the client logs. Never a token, a secret, or what a server wrote, but its name and the codes of OAuth.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Warning, "The revocation feed is not followed ({Outcome}). What is kept is not used when the lease is over: each check is asked upstream.")]
    internal static partial void DoesNotFollow(this ILogger logger, PollOutcome outcome);

    [LoggerMessage(2, LogLevel.Information, "The revocation feed is followed again.")]
    internal static partial void FollowsAgain(this ILogger logger);

    [LoggerMessage(3, LogLevel.Error, "Following the revocation feed was interrupted by a fault of the client. Each check is asked upstream until it is followed again.")]
    internal static partial void FollowerBroke(this ILogger logger, Exception bug);

    [LoggerMessage(4, LogLevel.Warning, "The shared cache fails or is too slow, and is left alone for a while. Checks ask the server instead.")]
    internal static partial void SharedCacheFails(this ILogger logger);

    [LoggerMessage(5, LogLevel.Information, "The shared cache works again.")]
    internal static partial void SharedCacheWorks(this ILogger logger);

    [LoggerMessage(6, LogLevel.Error, "{Callback} of the options threw {Exception}. It is called again when it is needed again, and this is not logged again.")]
    internal static partial void CallbackThrew(this ILogger logger, string callback, string exception);

    [LoggerMessage(7, LogLevel.Warning, "The server does not give this caller the key of its tags, so the feed can't tell of JWTs that were not introspected. 'touchstone client give-tag-key ID' lets it.")]
    internal static partial void LacksTagKey(this ILogger logger);

    [LoggerMessage(8, LogLevel.Error, "There are more revocations than MaxEvents ({MaxEvents}) leaves room for, so JWTs that the feed alone tells of can't be judged. All are read again in an hour.")]
    internal static partial void TooManyRows(this ILogger logger, int maxEvents);

    [LoggerMessage(9, LogLevel.Warning, "JWTs of issuer {Issuer} are accepted until they expire: nothing ends them here. Revocation = ByFeed lets the feed end them; Revocation = None says that it is meant so.")]
    internal static partial void JwtsNotRevocable(this ILogger logger, string issuer);

    [LoggerMessage(10, LogLevel.Warning, "{Server} {Why}")]
    internal static partial void ServerFails(this ILogger logger, string server, string why);

    [LoggerMessage(11, LogLevel.Information, "{Server} answers again.")]
    internal static partial void ServerAnswersAgain(this ILogger logger, string server);

    [LoggerMessage(20, LogLevel.Warning, "The keys of issuer {Issuer} can't be read. Those of before are used for up to an hour; then nothing that it signed can be judged.")]
    internal static partial void KeysMissing(this ILogger logger, string issuer);

    [LoggerMessage(21, LogLevel.Debug, "A JWT of issuer {Issuer} was refused: {Fault}.")]
    internal static partial void JwtRefused(this ILogger logger, string issuer, JwtFault fault);
}

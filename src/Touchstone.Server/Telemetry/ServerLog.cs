using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Telemetry;

/// <summary>Every line the server logs. No token, secret or hash of one stands in any of them.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(1, LogLevel.Error, "The store failed on {Endpoint}; answered 503. Untold since the last such line: {Untold}; request {Request}")]
    internal static partial void StoreFailed(this ILogger logger, string endpoint, long untold, string request, Exception error);

    [LoggerMessage(2, LogLevel.Error, "Unexpected error on {Endpoint}; answered 500; request {Request}")]
    internal static partial void Unexpected(this ILogger logger, string endpoint, string request, Exception error);

    [LoggerMessage(3, LogLevel.Information, "Client authentication failed on {Endpoint}: {Reason}; request {Request}")]
    internal static partial void AuthenticationFailed(this ILogger logger, string endpoint, string reason, string request);

    [LoggerMessage(4, LogLevel.Debug, "Token inactive for {ClientId}: {Reason}; request {Request}", SkipEnabledCheck = true)]
    internal static partial void Inactive(this ILogger logger, string clientId, string reason, string request);

    [LoggerMessage(5, LogLevel.Warning, "Client {ClientId} asked to revoke a token of client {Owner}; left as it is; request {Request}")]
    internal static partial void ForeignRevocation(this ILogger logger, string clientId, string owner, string request);

    [LoggerMessage(6, LogLevel.Warning, "Plain http is served beyond loopback: {Addresses}. End TLS in front of it")]
    internal static partial void InsecureHttp(this ILogger logger, string addresses);

    [LoggerMessage(7, LogLevel.Information, "Serving {Issuer} on {Addresses}, data in {Folder}, revocation log at {Seq}")]
    internal static partial void Serving(this ILogger logger, string issuer, string addresses, string folder, long seq);

    [LoggerMessage(8, LogLevel.Information, "{Actor} {Action} client {ClientId}; request {Request}")]
    internal static partial void ClientChanged(this ILogger logger, string actor, string action, string clientId, string request);

    [LoggerMessage(9, LogLevel.Information, "Revocation {Seq}: {Actor} ended {Kind}; request {Request}")]
    internal static partial void Revoked(this ILogger logger, long seq, string actor, string kind, string request);

    [LoggerMessage(10, LogLevel.Information, "{Actor} enabled a subject; request {Request}")]
    internal static partial void SubjectEnabled(this ILogger logger, string actor, string request);

    [LoggerMessage(12, LogLevel.Information, "Revocations {First} to {Last}: {Actor} ended {Count} of the {Asked} named; {Unknown} more are unknown, and remembered should they be registered; the others were ended already or name nothing; request {Request}")]
    internal static partial void RevokedMany(this ILogger logger, long first, long last, string actor, int count, int asked, int unknown, string request);

    [LoggerMessage(13, LogLevel.Debug, "Revocation {Seq}: {Actor} ended {Kind}")]
    internal static partial void RevokedOneOfMany(this ILogger logger, long seq, string actor, string kind);

    [LoggerMessage(14, LogLevel.Warning, "Client {ClientId} presented a refresh token of client {Owner}; refused, and its family left as it is; request {Request}")]
    internal static partial void ForeignRefresh(this ILogger logger, string clientId, string owner, string request);

    [LoggerMessage(15, LogLevel.Warning, "A refresh token of client {ClientId} was used a second time: revocation {Seq} ended its family; request {Request}")]
    internal static partial void RefreshReused(this ILogger logger, string clientId, long seq, string request);

    [LoggerMessage(50, LogLevel.Information, "Cleaned up in {Seconds:F1} s: {Tokens} expired tokens, {Rows} forgotten revocations, {Assertions} used assertions, {Refreshes} uses of refresh tokens, {Uses} uses of secrets")]
    internal static partial void Cleaned(this ILogger logger, long tokens, long rows, long assertions, long refreshes, long uses, double seconds);

    [LoggerMessage(51, LogLevel.Warning, "Cleaning up broke off and goes on the next time: {Reason}")]
    internal static partial void CleanupFailed(this ILogger logger, string reason);

    [LoggerMessage(60, LogLevel.Error, "The audit can't be written. Untold since the last such line: {Untold}")]
    internal static partial void AuditFailed(this ILogger logger, long untold, Exception error);

    [LoggerMessage(61, LogLevel.Warning, "The syslog collector {Host}:{Port} can't be reached: {Reason}. Records wait for it")]
    internal static partial void SyslogFailed(this ILogger logger, string host, int port, string reason);

    [LoggerMessage(70, LogLevel.Warning, "The revocation log can't be read: {Reason}")]
    internal static partial void LogUnread(this ILogger logger, string reason);

    [LoggerMessage(71, LogLevel.Information, "The revocation log is read again")]
    internal static partial void LogReadAgain(this ILogger logger);

    [LoggerMessage(73, LogLevel.Information, "The store is database {Database} of PostgreSQL {Version} on {Host}")]
    internal static partial void UsesPostgres(this ILogger logger, string? database, Version version, string? host);

    [LoggerMessage(72, LogLevel.Critical, "The database holds another revocation log than the one that this node followed: it was restored, replaced or failed over. A new epoch begins")]
    internal static partial void EpochLost(this ILogger logger);

    [LoggerMessage(74, LogLevel.Warning, "Epoch {Epoch} of the revocation log began; {Kept} rows that the database had lost were written again")]
    internal static partial void EpochBegan(this ILogger logger, Guid epoch, int kept);

    [LoggerMessage(75, LogLevel.Warning, "The other nodes took node {Name} for dead: it was silent for longer than its lease. It registers anew")]
    internal static partial void RegisteredAnew(this ILogger logger, string name);
}

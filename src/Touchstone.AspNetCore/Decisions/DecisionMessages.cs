using Microsoft.Extensions.Logging;

namespace Touchstone.AspNetCore.Decisions;

/// <summary>The log of decisions. What a client wrote is in none of its values, but for the method; what the server said of a token is its client and its <c>jti</c>.</summary>
internal static partial class DecisionMessages
{
    [LoggerMessage(10, LogLevel.Information, "{Decision} by {Scheme}: {Method} {Route}, source {Source}, age {AgeSeconds} s, as of {AsOf}, fault {Fault}, client {ClientId}, token {TokenId}, request {RequestId}")]
    internal static partial void Decided(this ILogger logger, string decision, string scheme, string method, string? route, string? source, double? ageSeconds, long? asOf, string? fault, string? clientId, string? tokenId, string requestId);

    [LoggerMessage(11, LogLevel.Warning, "The policy of {Routes} is overridden until {Until}: fail mode {FailMode}, MaxTtl {MaxTtl}; by {By}: {Reason}")]
    internal static partial void Overridden(this ILogger logger, string routes, DateTimeOffset until, string failMode, string maxTtl, string by, string reason);

    [LoggerMessage(12, LogLevel.Warning, "The override of the policy of {Routes} ended, as {Ended}; it was by {By}")]
    internal static partial void OverrideEnded(this ILogger logger, string routes, string ended, string by);
}

using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>
/// Whether tokens can be judged. It starts the client, and asks the server only where it looks bad: for what becomes good again with the next call only, a check that waits for others' calls would keep them away.
/// </summary>
internal sealed class TokenIntrospectionHealthCheck(IntrospectionClient client) : IHealthCheck
{
    // No server has issued it. Constant, so that it looks like no search for tokens.
    private const string Probe = "touchstone-health-check";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await client.StartAsync(cancellationToken);
        var status = client.Status;
        if (IsGood(status)) return HealthCheckResult.Healthy(status.Feed is FeedState.Followed ? "The revocation feed is followed." : "There is no revocation feed: answers are used for a short time.", Data(status));
        if (status.Breaker is BreakerState.HalfOpen) return HealthCheckResult.Degraded("The server is tried again after many calls failed.", data: Data(status));

        var answer = await client.IntrospectAsync(Probe, client.Policy with { NegativeTtl = TimeSpan.Zero, FailMode = FailMode.FailClosed }, cancellationToken);
        status = client.Status;
        if (answer.Outcome is IntrospectionOutcome.CannotTell) return new HealthCheckResult(OutOfReach(context, answer.Fault), $"The server can't be asked about tokens ({answer.Fault}).", data: Data(status));
        return IsGood(status) ? HealthCheckResult.Healthy("The server answers again.", Data(status)) : HealthCheckResult.Degraded("The revocation feed is not followed: each request asks the server.", data: Data(status));
    }

    private static bool IsGood(in IntrospectionClientStatus status) => status is { IsServerFound: true, Breaker: BreakerState.Closed, Feed: not FeedState.Lapsed };

    // A policy that goes on without the server does not where the server refuses this caller.
    private HealthStatus OutOfReach(HealthCheckContext context, IntrospectionFault fault) =>
        client.Policy.FailMode is FailMode.FailClosed || fault is IntrospectionFault.Refused ? context.Registration.FailureStatus : HealthStatus.Degraded;

    private static Dictionary<string, object> Data(in IntrospectionClientStatus status) => new()
    {
        ["feed"] = Name(status.Feed), ["head"] = status.FeedHead, ["breaker"] = Name(status.Breaker), ["entries"] = status.Entries,
    };

    private static string Name(Enum state) => state.ToString().ToLower(CultureInfo.InvariantCulture);
}

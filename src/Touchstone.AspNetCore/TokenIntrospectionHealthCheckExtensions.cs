using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>Adds the health check.</summary>
public static class TokenIntrospectionHealthCheckExtensions
{
    /// <summary>
    /// Whether the tokens of a scheme can be judged. Healthy: the feed is followed, or there is none, and calls are made. Degraded: the feed is not followed, the server is tried again after failures, or it is out of reach and
    /// the policy goes on without it. Unhealthy: it is out of reach. The first check starts the client, so that no request pays for that. Data: <c>feed</c>, <c>head</c>, <c>breaker</c>, <c>entries</c>.
    /// </summary>
    /// <param name="builder">Where to add it.</param>
    /// <param name="authenticationScheme">The scheme, or the name of a client of <c>services.AddTokenIntrospection(name, …)</c>.</param>
    /// <param name="name">What the check is called. Null: <c>introspection-SCHEME</c>.</param>
    /// <param name="failureStatus">What is told in place of unhealthy. Null: unhealthy.</param>
    /// <param name="tags">By which checks are selected, <c>ready</c> for instance.</param>
    /// <param name="timeout">How long it may take; null: without an end of its own, which <see cref="TokenIntrospectionOptions.TryTimeout"/> and <see cref="TokenIntrospectionOptions.Timeout"/> together are.</param>
    public static IHealthChecksBuilder AddTokenIntrospection(this IHealthChecksBuilder builder, string authenticationScheme = TokenIntrospectionDefaults.AuthenticationScheme, string? name = null, HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name ?? "introspection-" + authenticationScheme, parts => new TokenIntrospectionHealthCheck(parts.GetRequiredKeyedService<IntrospectionClient>(authenticationScheme)), failureStatus, tags, timeout));
    }
}

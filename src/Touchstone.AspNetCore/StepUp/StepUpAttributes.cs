using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Touchstone.AspNetCore.StepUp;

namespace Touchstone.AspNetCore;

/// <summary>The endpoint needs a token whose user was authenticated in one of these ways (<c>acr</c>, RFC 9470). Several of them must all be met.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class RequireAcrAttribute : AuthorizeAttribute, IAuthorizationRequirementData
{
    /// <summary>Values in order of preference, each of visible ASCII without quotes, backslashes and spaces.</summary>
    public RequireAcrAttribute(params string[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length == 0 || values.Any(value => value.Length == 0 || value.AsSpan().ContainsAnyExceptInRange('!', '~') || value.AsSpan().ContainsAny('"', '\\'))) throw new ArgumentException("Give values: visible ASCII without quotes, backslashes and spaces.", nameof(values));
        Values = values;
    }

    /// <summary>One of these.</summary>
    public IReadOnlyList<string> Values { get; }

    /// <inheritdoc/>
    public IEnumerable<IAuthorizationRequirement> GetRequirements() => [new RequiredAcr(Values)];
}

/// <summary>The endpoint needs a token whose user was authenticated not longer ago than this (<c>auth_time</c>, RFC 9470). Of several the shortest counts.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class RequireMaxAgeAttribute : AuthorizeAttribute, IAuthorizationRequirementData
{
    private const int MostSeconds = 365 * 24 * 3600;

    /// <summary>From 1 second to 365 days.</summary>
    public RequireMaxAgeAttribute(int seconds)
    {
        if (seconds is < 1 or > MostSeconds) throw new ArgumentOutOfRangeException(nameof(seconds), "Give from 1 second to 365 days.");
        Seconds = seconds;
    }

    /// <summary>In seconds.</summary>
    public int Seconds { get; }

    /// <inheritdoc/>
    public IEnumerable<IAuthorizationRequirement> GetRequirements() => [new RequiredMaxAge(Seconds)];
}

/// <summary>Step-up authentication for endpoints that have no attributes.</summary>
public static class StepUpExtensions
{
    /// <summary>The endpoint, or each of the group, needs a token whose <c>acr</c> is one of these: <c>.RequireAcr("urn:acme:mfa")</c>.</summary>
    public static TBuilder RequireAcr<TBuilder>(this TBuilder builder, params string[] values)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.RequireAuthorization(new RequireAcrAttribute(values));
        return builder;
    }

    /// <summary>The endpoint, or each of the group, needs a token whose user was authenticated within this time: from 1 second to 365 days; a fraction of a second is cut off.</summary>
    public static TBuilder RequireMaxAge<TBuilder>(this TBuilder builder, TimeSpan maxAge)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.RequireAuthorization(new RequireMaxAgeAttribute((int)Math.Clamp(maxAge.TotalSeconds, 0, int.MaxValue)));
        return builder;
    }
}

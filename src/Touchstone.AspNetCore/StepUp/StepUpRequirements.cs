using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.AspNetCore.StepUp;

/// <summary>One of these ways of authentication.</summary>
internal sealed class RequiredAcr(IReadOnlyList<string> values) : AuthorizationHandler<RequiredAcr>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RequiredAcr requirement)
    {
        if (requirement.IsMetBy(context.User)) context.Succeed(requirement);
        return Task.CompletedTask;
    }

    // One value: who says several says nothing.
    internal bool IsMetBy(ClaimsPrincipal user) => user.FindAll("acr").ToArray() is [var acr] && values.Contains(acr.Value);
}

/// <summary>An authentication that is not older than this.</summary>
internal sealed class RequiredMaxAge(int seconds) : AuthorizationHandler<RequiredMaxAge>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RequiredMaxAge requirement)
    {
        if (requirement.IsMetBy(context.User, StepUpRequirements.Now(TimeOf(context.Resource)))) context.Succeed(requirement);
        return Task.CompletedTask;
    }

    private static TimeProvider TimeOf(object? resource)
    {
        var parts = resource switch { HttpContext http => http.RequestServices, HubInvocationContext hub => hub.ServiceProvider, _ => null };
        return parts?.GetService<TimeProvider>() ?? TimeProvider.System;
    }

    // By how much the clock of the authorization server may be ahead. The age itself has no leeway.
    private const long Ahead = 60;

    internal bool IsMetBy(ClaimsPrincipal user, long now) =>
        user.FindAll("auth_time").ToArray() is [var time] && double.TryParse(time.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var at) && at <= now + Ahead && now - Math.Floor(at) <= seconds;
}

/// <summary>What is asked of the authentication behind a token (RFC 9470), judged at each request.</summary>
internal static class StepUpRequirements
{
    /// <summary>What a challenge says of the authentication that an endpoint needs and this user does not have; null where it has it. All that is needed is said, so that one more authentication is enough.</summary>
    internal static Problem? Unmet(Endpoint? endpoint, ClaimsPrincipal user, TimeProvider time, string? scope)
    {
        var values = endpoint?.Metadata.GetOrderedMetadata<RequireAcrAttribute>() ?? [];
        var ages = endpoint?.Metadata.GetOrderedMetadata<RequireMaxAgeAttribute>() ?? [];
        var isMet = values.All(required => new RequiredAcr(required.Values).IsMetBy(user)) && ages.All(required => new RequiredMaxAge(required.Seconds).IsMetBy(user, Now(time)));
        if (isMet) return null;
        return new Problem("insufficient_user_authentication", "Another authentication of the user is needed.", scope,
            values.Count == 0 ? null : string.Join(' ', Wanted(values)), ages.Count == 0 ? null : ages.Min(required => required.Seconds).ToString(CultureInfo.InvariantCulture));
    }

    // What meets all of them; where nothing does, what the endpoint itself asks for.
    private static IReadOnlyList<string> Wanted(IReadOnlyList<RequireAcrAttribute> required)
    {
        var common = required[^1].Values.Where(value => required.All(one => one.Values.Contains(value))).ToArray();
        return common.Length > 0 ? common : required[^1].Values;
    }

    internal static long Now(TimeProvider time) => time.GetUtcNow().ToUnixTimeSeconds();
}

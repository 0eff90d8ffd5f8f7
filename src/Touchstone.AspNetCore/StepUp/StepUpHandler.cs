using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Touchstone.AspNetCore.StepUp;

/// <summary>One of these ways of authentication.</summary>
internal sealed record RequiredAcr(IReadOnlyList<string> Values) : IAuthorizationRequirement
{
    // One value: who says several says nothing.
    internal bool IsMetBy(ClaimsPrincipal user) => user.FindAll("acr").ToArray() is [var acr] && Values.Contains(acr.Value);
}

/// <summary>An authentication that is not older than this.</summary>
internal sealed record RequiredMaxAge(int Seconds) : IAuthorizationRequirement
{
    // By how much the clock of the authorization server may be ahead. The age itself has no leeway.
    private const long Ahead = 60;

    internal bool IsMetBy(ClaimsPrincipal user, long now) =>
        user.FindAll("auth_time").ToArray() is [var time] && double.TryParse(time.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var at) && at <= now + Ahead && now - Math.Floor(at) <= Seconds;
}

/// <summary>Judges the authentication behind a token (RFC 9470), at each request.</summary>
internal sealed class StepUpHandler(TimeProvider? time = null) : IAuthorizationHandler
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    public Task HandleAsync(AuthorizationHandlerContext context)
    {
        foreach (var requirement in context.PendingRequirements.ToArray())
        {
            if (requirement is RequiredAcr acr && acr.IsMetBy(context.User)) context.Succeed(requirement);
            else if (requirement is RequiredMaxAge age && age.IsMetBy(context.User, Now(_time))) context.Succeed(requirement);
        }
        return Task.CompletedTask;
    }

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

    private static long Now(TimeProvider time) => time.GetUtcNow().ToUnixTimeSeconds();
}

using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace Touchstone.AspNetCore;

/// <summary>The endpoint needs a token that has all of these scopes. Several of them add up.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class RequiredScopeAttribute : AuthorizeAttribute, IAuthorizationRequirementData
{
    /// <summary>Scopes, each of visible ASCII without quotes, backslashes and spaces (RFC 6749 §3.3).</summary>
    public RequiredScopeAttribute(params string[] scopes)
    {
        ArgumentNullException.ThrowIfNull(scopes);
        if (scopes.Length == 0 || scopes.Any(scope => !IsScope(scope))) throw new ArgumentException("Give scopes: visible ASCII without quotes, backslashes and spaces.", nameof(scopes));
        Scopes = scopes;
    }

    /// <summary>All of these.</summary>
    public IReadOnlyList<string> Scopes { get; }

    /// <inheritdoc/>
    public IEnumerable<IAuthorizationRequirement> GetRequirements() => [new RequiredScopes(Scopes)];

    private static bool IsScope(string scope) => scope.Length > 0 && !scope.AsSpan().ContainsAnyExceptInRange('!', '~') && !scope.AsSpan().ContainsAny('"', '\\');
}

/// <summary>Whether the user has all scopes.</summary>
internal sealed class RequiredScopes(IReadOnlyList<string> scopes) : AuthorizationHandler<RequiredScopes>, IAuthorizationRequirement
{
    private IReadOnlyList<string> Scopes => scopes;

    // Where an endpoint has several of these, each is asked about all of them: what counts is what that one needs, never what this one does.
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RequiredScopes requirement)
    {
        if (requirement.Scopes.All(scope => context.User.HasClaim(TokenIntrospectionDefaults.ScopeClaimType, scope))) context.Succeed(requirement);
        return Task.CompletedTask;
    }
}

/// <summary>Scopes for endpoints that have no attributes.</summary>
public static class RequiredScopeExtensions
{
    /// <summary>The endpoint, or each of the group, needs a token that has all of these scopes: <c>.RequireScope("orders:write")</c>.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.RequireAuthorization(new RequiredScopeAttribute(scopes));
        return builder;
    }
}

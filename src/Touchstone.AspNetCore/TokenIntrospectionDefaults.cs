namespace Touchstone.AspNetCore;

/// <summary>Names that the handler has where nobody gives others.</summary>
public static class TokenIntrospectionDefaults
{
    /// <summary>The scheme: <c>Bearer</c>.</summary>
    public const string AuthenticationScheme = "Bearer";

    /// <summary>The claim that <c>User.Identity.Name</c> is: <c>sub</c>.</summary>
    public const string NameClaimType = "sub";

    /// <summary>The claim that <c>User.IsInRole</c> looks for: <c>roles</c>.</summary>
    public const string RoleClaimType = "roles";

    /// <summary>The claim type of scopes, one claim for each: <c>scope</c>.</summary>
    public const string ScopeClaimType = "scope";
}

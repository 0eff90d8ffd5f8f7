using Touchstone.Protocol;

namespace Touchstone.Server.TokenIssue;

/// <summary>What resource servers a token is for (RFC 8707).</summary>
internal static class ResourceIndicators
{
    /// <summary>The resources that the request names, or else those that its authorization details name, or the first of those that it may name; null where it names another, or there is none.</summary>
    internal static IReadOnlyList<string>? Choose(TokenRequest request, IReadOnlyList<string> allowed, IReadOnlyList<string>? locations = null)
    {
        var asked = request.All("resource"u8);
        if (asked.Count == 0 && locations is { Count: > 0 }) return locations;
        if (asked.Count == 0) return allowed.Count == 0 ? null : [allowed[0]];
        return asked.All(resource => allowed.Contains(resource, StringComparer.Ordinal)) ? asked : null;
    }

    /// <summary>The resources that the authorization details of the request may be about: those that it names, or any that it may name.</summary>
    internal static IReadOnlyList<string> Reach(TokenRequest request, IReadOnlyList<string> allowed) =>
        request.All("resource"u8) is { Count: > 0 } asked ? [.. asked.Where(resource => allowed.Contains(resource, StringComparer.Ordinal))] : allowed;

    /// <summary>Why there was nothing to choose.</summary>
    internal static OAuthError Refusal(IReadOnlyList<string> allowed) =>
        allowed.Count == 0 ? OAuthError.InvalidTarget.With("No audience is registered for this client.") : OAuthError.InvalidTarget;
}

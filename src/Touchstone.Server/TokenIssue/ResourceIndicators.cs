using Touchstone.Protocol;

namespace Touchstone.Server.TokenIssue;

/// <summary>What resource servers a token is for (RFC 8707).</summary>
internal static class ResourceIndicators
{
    /// <summary>The resources that the request names, or the first of those that it may name; null where it names another, or there is none.</summary>
    internal static IReadOnlyList<string>? Choose(TokenRequest request, IReadOnlyList<string> allowed)
    {
        var asked = request.All("resource"u8);
        if (asked.Count == 0) return allowed.Count == 0 ? null : [allowed[0]];
        return asked.All(resource => allowed.Contains(resource, StringComparer.Ordinal)) ? asked : null;
    }

    /// <summary>Why there was nothing to choose.</summary>
    internal static OAuthError Refusal(IReadOnlyList<string> allowed) =>
        allowed.Count == 0 ? OAuthError.InvalidTarget.With("No audience is registered for this client.") : OAuthError.InvalidTarget;
}

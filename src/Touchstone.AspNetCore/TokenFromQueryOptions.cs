using Microsoft.AspNetCore.Http;

namespace Touchstone.AspNetCore;

/// <summary>
/// Takes tokens from the query too (RFC 6750 §2.3), for browsers that can set no header: WebSockets and server-sent events of SignalR. URLs end up in logs and histories: allow it for the paths that need it, and
/// keep query strings out of the logs. A token that is bound to a key is never taken so.
/// </summary>
public sealed class TokenFromQueryOptions
{
    /// <summary>The parameter. Default <c>access_token</c>, which SignalR sends.</summary>
    public string Parameter { get; set; } = "access_token";

    /// <summary>The paths for which it is read, with all below them: <c>/hubs</c>. At least one.</summary>
    public IList<string> Paths { get; set; } = [];

    internal bool Applies(PathString path)
    {
        for (var i = 0; i < Paths.Count; i++)
        {
            if (path.StartsWithSegments(Paths[i], StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }

    internal IEnumerable<string> Faults()
    {
        if (Parameter.Length == 0) yield return "TokenFromQuery.Parameter is empty.";
        if (Paths.Count == 0) yield return "TokenFromQuery.Paths is empty: name the paths for which a token in the query is taken.";
        foreach (var path in Paths)
        {
            if (!path.StartsWith('/')) yield return $"TokenFromQuery.Paths: '{path}' does not begin with a slash.";
        }
    }
}

using Touchstone.Client;

namespace Touchstone.Sidecar.Rules;

/// <summary>Which requests it is about, and what they need. What is empty or null asks for nothing.</summary>
internal sealed record Rule
{
    /// <summary>What logs, metrics and operators call it. Unique in its file.</summary>
    internal required string Name { get; init; }

    /// <summary>Where it begins in the file.</summary>
    internal required int Line { get; init; }

    internal IReadOnlyList<HostPattern> Hosts { get; init; } = [];

    internal required IReadOnlyList<PathTemplate> Paths { get; init; }

    /// <summary>As they stand in a request line.</summary>
    internal IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Whether nobody is asked for a token (<c>allow: anybody</c>).</summary>
    internal bool IsOpen { get; init; }

    /// <summary>The token has all of these scopes.</summary>
    internal IReadOnlyList<string> AllScopes { get; init; } = [];

    /// <summary>The token has one of these scopes.</summary>
    internal IReadOnlyList<string> AnyScopes { get; init; } = [];

    /// <summary>The token is for one of these.</summary>
    internal IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>The token is from one of these.</summary>
    internal IReadOnlyList<string> Issuers { get; init; } = [];

    internal IReadOnlyList<ClaimCondition> Claims { get; init; } = [];

    /// <summary>The user was authenticated in one of these ways (RFC 9470).</summary>
    internal IReadOnlyList<string> Acr { get; init; } = [];

    /// <summary>The user was authenticated not longer ago than this (RFC 9470).</summary>
    internal TimeSpan? MaxAge { get; init; }

    /// <summary>How long answers are used, and what happens when the server can't be asked.</summary>
    internal IntrospectionPolicy Policy { get; init; } = new();

    /// <summary>What the service behind the proxy is told of the token.</summary>
    internal IReadOnlyList<IdentityHeader> Headers { get; init; } = [];

    /// <summary>The document of the Open Policy Agent that has the last word; empty: that of the file. Null: nobody is asked.</summary>
    internal string? OpaPath { get; init; }

    /// <summary>All that it asks of a token, made at the first use.</summary>
    internal RuleRequirements Requirements
    {
        get
        {
            // A copy with other members brings those of its original along.
            if (field?.AreOf(this) is not true) field = new RuleRequirements(this);
            return field;
        }
    }

    /// <summary>Whether any active token will do.</summary>
    internal bool AsksForNothing => OpaPath is null && AllScopes.Count + AnyScopes.Count + Audiences.Count + Issuers.Count + Claims.Count + Acr.Count == 0 && MaxAge is null;

    /// <summary>Whether it is about this request.</summary>
    /// <param name="method">The method; what may GET may HEAD, which services answer by the same code.</param>
    /// <param name="host">The host.</param>
    /// <param name="path">The path.</param>
    /// <param name="isLoose">Whether neither the case of the path nor a slash at its end counts.</param>
    internal bool Matches(string method, string host, RequestPath path, bool isLoose = false) => TakesMethod(method) && TakesHost(host) && TakesPath(path, isLoose);

    private bool TakesMethod(string method) => Methods.Count == 0 || Methods.Contains(method) || (method == "HEAD" && Methods.Contains("GET"));

    private bool TakesHost(string host)
    {
        for (var i = 0; i < Hosts.Count; i++)
        {
            if (Hosts[i].Matches(host)) return true;
        }
        return Hosts.Count == 0;
    }

    private bool TakesPath(RequestPath path, bool isLoose)
    {
        for (var i = 0; i < Paths.Count; i++)
        {
            if (Paths[i].Matches(path, isLoose)) return true;
        }
        return false;
    }
}

/// <summary>The rules of a file, in its order: the first that matches is the one that counts, and where none does the request is refused.</summary>
/// <param name="All">All of them.</param>
internal sealed record RuleSet(IReadOnlyList<Rule> All)
{
    /// <summary>The rule of a request; null where none is.</summary>
    /// <param name="method">The method.</param>
    /// <param name="host">The host.</param>
    /// <param name="path">The path.</param>
    /// <param name="isAmbiguous">Whether a service that takes no notice of case, or of a slash at the end, would serve what an earlier rule protects: no later and laxer rule lets that pass.</param>
    internal Rule? Find(string method, string host, RequestPath path, out bool isAmbiguous)
    {
        isAmbiguous = false;
        foreach (var rule in All)
        {
            if (rule.Matches(method, host, path)) return rule;
            if (rule.IsOpen || !rule.Matches(method, host, path, isLoose: true)) continue;
            isAmbiguous = true;
            return null;
        }
        return null;
    }
}

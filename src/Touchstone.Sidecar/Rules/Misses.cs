namespace Touchstone.Sidecar.Rules;

/// <summary>Rules that are nearly about a request: what their author may have meant.</summary>
internal static class Misses
{
    private const int Most = 5;

    /// <summary>In words, in the order of the file.</summary>
    internal static IReadOnlyList<string> Of(RuleSet rules, string method, string host, RequestPath path) => [.. rules.All.Select(rule => Of(rule, method, host, path)).OfType<string>().Take(Most)];

    private static string? Of(Rule rule, string method, string host, RequestPath path)
    {
        if (!rule.Paths.Any(template => template.Matches(path, isLoose: true))) return null;
        var (isOfMethod, isOfHost, isOfPath) = ((rule with { Hosts = [], Paths = [PathTemplate.All] }).Matches(method, host, path), rule.Hosts.Count == 0 || rule.Hosts.Any(pattern => pattern.Matches(host)), rule.Paths.Any(template => template.Matches(path)));
        var others = string.Join(" and not ", new[] { isOfMethod ? null : "the method", isOfHost ? null : "the host" }.OfType<string>());
        if (others.Length > 0) return $"rule '{rule.Name}', line {rule.Line}, matches the path, not {others}";
        return isOfPath ? null : $"rule '{rule.Name}', line {rule.Line}, has the path in another case, or with or without a slash at the end";
    }
}

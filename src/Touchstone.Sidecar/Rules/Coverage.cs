namespace Touchstone.Sidecar.Rules;

/// <summary>Finds rules that no request ever reaches, because one earlier rule matches all that they do. What only several earlier rules match together is not found.</summary>
internal static class Coverage
{
    /// <summary>Each rule that is never reached, with the first that matches all of it.</summary>
    internal static IEnumerable<(Rule Rule, Rule By)> NeverReached(IReadOnlyList<Rule> rules)
    {
        for (var i = 1; i < rules.Count; i++)
        {
            var rule = rules[i];
            if (rules.Take(i).FirstOrDefault(earlier => Covers(earlier, rule)) is { } by) yield return (rule, by);
        }
    }

    private static bool Covers(Rule earlier, Rule rule) =>
        rule.Paths.Count > 0 && CoversMethods(earlier.Methods, rule.Methods) && CoversHosts(earlier.Hosts, rule.Hosts) && rule.Paths.All(path => earlier.Paths.Any(other => other.Covers(path)));

    // What may GET may HEAD.
    private static bool CoversMethods(IReadOnlyList<string> earlier, IReadOnlyList<string> methods) =>
        earlier.Count == 0 || (methods.Count > 0 && methods.All(method => earlier.Contains(method) || (method == "HEAD" && earlier.Contains("GET"))));

    private static bool CoversHosts(IReadOnlyList<HostPattern> earlier, IReadOnlyList<HostPattern> hosts) =>
        earlier.Count == 0 || (hosts.Count > 0 && hosts.All(host => earlier.Any(other => other.Covers(host))));
}

using System.Text.Json;
using Touchstone.Client;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads one rule.</summary>
internal static class RuleReader
{
    private static readonly string[] Known = ["name", "hosts", "paths", "methods", "allow", "scopes", "audiences", "issuers", "claims", "acr", "max_age", "fail_mode", "max_stale", "max_ttl", "plain_ttl", "headers"];

    private static readonly string[] OfTokens = ["scopes", "audiences", "issuers", "claims", "acr", "max_age", "fail_mode", "max_stale", "max_ttl", "plain_ttl", "headers"];

    internal static Rule? Read(ConfigNode node)
    {
        var map = node.Map(Known);
        var name = map.Need("name")?.Text();
        var paths = map.Need("paths")?.Items().Select(Template).OfType<PathTemplate>().ToArray();
        if (map["paths"] is { } given && paths is []) given.Fault("Give one path at least; /** is all of them.");
        var scopes = Scopes(map["scopes"]);
        var rule = new Rule
        {
            Name = name ?? "",
            Line = node.Line,
            Hosts = [.. map["hosts"]?.Items().Select(Host).OfType<HostPattern>() ?? []],
            Paths = paths ?? [],
            Methods = [.. map["methods"]?.Items().Select(Method).OfType<string>() ?? []],
            IsOpen = IsOpen(map["allow"]),
            AllScopes = scopes.All,
            AnyScopes = scopes.Any,
            Audiences = map.Texts("audiences"),
            Issuers = map.Texts("issuers"),
            Claims = [.. map["claims"]?.Items().Select(Condition).OfType<ClaimCondition>() ?? []],
            Acr = map.Texts("acr"),
            MaxAge = map["max_age"]?.Duration(),
            Policy = Policy(map),
            Headers = [.. map["headers"]?.Pairs().Select(static pair => Header(pair.Name, pair.Value)).OfType<IdentityHeader>() ?? []],
        };
        if (rule.IsOpen && OfTokens.FirstOrDefault(key => map[key] is not null) is { } contrary) map[contrary]!.Fault("A rule that lets anybody pass looks at no token: leave this out, or allow.");
        foreach (var twice in rule.Headers.GroupBy(static header => header.Name, StringComparer.OrdinalIgnoreCase).Where(static group => group.Count() > 1)) map["headers"]!.Fault($"'{twice.Key}' stands here twice.");
        return name is null || paths is null ? null : rule;
    }

    private static bool IsOpen(ConfigNode? node)
    {
        if (node?.Text() is not { } text) return false;
        if (text == "anybody") return true;
        node.Fault("The only value is anybody: no token is needed. Without allow, one is.");
        return false;
    }

    private static PathTemplate? Template(ConfigNode node)
    {
        if (node.Text() is not { } text) return null;
        if (PathTemplate.TryParse(text, out var template, out var fault)) return template;
        node.Fault(fault);
        return null;
    }

    private static HostPattern? Host(ConfigNode node)
    {
        if (node.Text() is not { } text) return null;
        if (HostPattern.TryParse(text, out var pattern)) return pattern;
        node.Fault($"'{text}' is no host name, and not one with *. before it.");
        return null;
    }

    private static string? Method(ConfigNode node)
    {
        if (node.Text() is not { } text) return null;
        if (text.All(static c => char.IsAsciiLetterUpper(c) || c == '-')) return text;
        node.Fault($"'{text}' is no method: they are written in capitals.");
        return null;
    }

    // A list means all of them.
    private static (IReadOnlyList<string> All, IReadOnlyList<string> Any) Scopes(ConfigNode? node)
    {
        if (node is null) return ([], []);
        if (!node.IsMap) return (Scopes(node.Items()), []);
        var map = node.Map("all", "any");
        return (Scopes(map["all"]?.Items() ?? []), Scopes(map["any"]?.Items() ?? []));
    }

    private static string[] Scopes(IReadOnlyList<ConfigNode> nodes) => [.. nodes.Select(static node =>
    {
        if (node.Text() is not { } text) return null;
        if (!text.AsSpan().ContainsAnyExceptInRange('!', '~') && !text.AsSpan().ContainsAny('"', '\\')) return text;
        node.Fault($"'{text}' is no scope: visible ASCII without blanks, quotes and backslashes, one in each item.");
        return null;
    }).OfType<string>()];

    private static ClaimCondition? Condition(ConfigNode node)
    {
        var map = node.Map("claim", "equals", "one_of", "contains", "exists");
        if (map.Need("claim")?.Text() is not { } claim) return null;
        var given = new[] { "equals", "one_of", "contains", "exists" }.Where(test => map[test] is not null).ToArray();
        if (given is not [var test])
        {
            node.Fault("Give one of equals, one_of, contains and exists.");
            return null;
        }
        var value = map[test]!;
        if (test == "exists") return value.Truth() is { } exists ? new ClaimCondition(claim, exists ? ClaimTest.Exists : ClaimTest.Absent, []) : null;
        var items = test == "one_of" ? value.Items() : [value];
        var values = items.Select(static item => item.Json()).OfType<JsonElement>().ToArray();
        return values.Length == items.Count ? new ClaimCondition(claim, test switch { "equals" => ClaimTest.Equals, "one_of" => ClaimTest.OneOf, _ => ClaimTest.Contains }, values) : null;
    }

    private static IdentityHeader? Header(string name, ConfigNode node)
    {
        if (name.Length is 0 or > 64 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            node.Fault($"'{name}' is no name for an identity header: letters, digits and hyphens. Servers take an underscore or a dot for a hyphen, so one with those could be sent by a client.");
            return null;
        }
        return node.Text() is { } claim ? new IdentityHeader(name, claim) : null;
    }

    private static IntrospectionPolicy Policy(ConfigMap map)
    {
        var policy = new IntrospectionPolicy();
        if (map["fail_mode"] is { } mode && mode.Text() is { } text)
        {
            switch (text)
            {
                case "closed": break;
                case "stale_if_error": policy = policy with { FailMode = FailMode.StaleIfError }; break;
                case "open": policy = policy with { FailMode = FailMode.FailOpen }; break;
                default: mode.Fault("It is closed, stale_if_error or open."); break;
            }
        }
        if (map["max_stale"]?.Duration() is { } stale) policy = policy with { MaxStale = stale };
        if (map["max_ttl"]?.Duration() is { } ttl) policy = policy with { MaxTtl = ttl };
        if (map["plain_ttl"]?.Duration() is { } plain) policy = policy with { PlainTtl = plain };
        try
        {
            policy.Validate();
        }
        catch (ArgumentException wrong)
        {
            map.Owner.Fault(wrong.Message);
        }
        return policy;
    }
}

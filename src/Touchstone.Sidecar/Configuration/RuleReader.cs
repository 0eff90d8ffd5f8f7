using System.Text.Json;
using Touchstone.Client;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads one rule.</summary>
internal static class RuleReader
{
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Proxy-Authorization", "Proxy-Authenticate", "WWW-Authenticate", "Connection", "Keep-Alive", "Proxy-Connection", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "TE", "Trailer",
        "Upgrade", "Host", "Date", "Server", "Cache-Control", "Retry-After", "Location", "Set-Cookie", "Cookie", "Expect", "Forwarded", "Via", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Rewrite-URL",
    };

    private static readonly string[] ReservedBeginnings = ["X-Forwarded-", "X-Original-", "X-Accel-", "X-Envoy-", "Touchstone-", "Access-Control-"];

    /// <summary>What is asked of a token, and how long answers about it are used.</summary>
    internal static readonly string[] OfRequirements = ["scopes", "audiences", "issuers", "claims", "acr", "max_age", "fail_mode", "max_stale", "max_ttl", "plain_ttl"];

    private static readonly string[] OfTokens = [.. OfRequirements, "headers", "opa"];

    internal static Rule? Read(ConfigNode node)
    {
        var map = node.Map(["name", "hosts", "paths", "methods", "allow", .. OfTokens]);
        var name = map.Need("name")?.Text();
        var paths = map.Need("paths")?.Items().Select(Template).OfType<PathTemplate>().ToArray();
        if (map["paths"] is { IsEmpty: true } given) given.Fault("Give one path at least; /** is all of them.");
        var rule = Requirements(map, node.Line) with
        {
            Name = name ?? "",
            Hosts = [.. map["hosts"]?.Items().Select(Host).OfType<HostPattern>() ?? []],
            Paths = paths ?? [],
            Methods = [.. map["methods"]?.Items().Select(Method).OfType<string>() ?? []],
            IsOpen = IsOpen(map["allow"]),
            OpaPath = OpaReader.Path(map["opa"]),
            Headers = [.. map["headers"]?.Pairs().Select(static pair => Header(pair.Name, pair.Value)).OfType<IdentityHeader>() ?? []],
        };
        foreach (var key in new[] { "hosts", "methods" }.Where(key => map[key] is { IsEmpty: true })) map[key]!.Fault("An empty list would ask for nothing: leave the key out.");
        if (rule.Policy.FailMode is FailMode.FailOpen && !rule.AsksForNothing) map["fail_mode"]!.Fault("Where nobody can be asked nothing is known of the token, so a rule that asks for anything never opens: closed or stale_if_error.");
        if (rule.IsOpen && OfTokens.FirstOrDefault(key => map[key] is not null) is { } contrary) map[contrary]!.Fault("A rule that lets anybody pass looks at no token: leave this out, or allow.");
        foreach (var twice in rule.Headers.GroupBy(static header => header.Name, StringComparer.OrdinalIgnoreCase).Where(static group => group.Count() > 1)) map["headers"]!.Fault($"'{twice.Key}' stands here twice.");
        return name is null || paths is null ? null : rule;
    }

    /// <summary>What is asked of a token, whatever it is for.</summary>
    internal static Rule Requirements(ConfigMap map, int line)
    {
        var scopes = Scopes(map["scopes"]);
        foreach (var key in OfRequirements.Where(key => map[key] is { IsEmpty: true })) map[key]!.Fault("An empty list would ask for nothing: leave the key out.");
        return new Rule
        {
            Name = "",
            Line = line,
            Paths = [],
            AllScopes = scopes.All,
            AnyScopes = scopes.Any,
            Audiences = map.Texts("audiences"),
            Issuers = map.Texts("issuers"),
            Claims = [.. map["claims"]?.Items().Select(Condition).OfType<ClaimCondition>() ?? []],
            Acr = Scopes(map["acr"]?.Items() ?? []),
            MaxAge = map["max_age"]?.Duration(),
            Policy = PolicyReader.Read(map),
        };
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
        foreach (var key in new[] { "all", "any" }.Where(key => map[key] is { IsEmpty: true })) map[key]!.Fault("An empty list would ask for nothing: leave the key out.");
        return (Scopes(map["all"]?.Items() ?? []), Scopes(map["any"]?.Items() ?? []));
    }

    private static string[] Scopes(IReadOnlyList<ConfigNode> nodes) => [.. nodes.Select(static node =>
    {
        if (node.Text() is not { } text) return null;
        if (!text.AsSpan().ContainsAnyExceptInRange('!', '~') && !text.AsSpan().ContainsAny('"', '\\')) return text;
        node.Fault($"'{text}' is no scope, and no acr: visible ASCII without blanks, quotes and backslashes, one in each item.");
        return null;
    }).OfType<string>()];

    private static ClaimCondition? Condition(ConfigNode node)
    {
        var map = node.Map("claim", "equals", "one_of", "contains", "exists");
        if (map.Need("claim")?.Claim() is not { } claim) return null;
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
        if (items.Count == 0) value.Fault("An empty list is met by nothing.");
        return values.Length == items.Count && items.Count > 0 ? new ClaimCondition(claim, test switch { "equals" => ClaimTest.Equals, "one_of" => ClaimTest.OneOf, _ => ClaimTest.Contains }, values) : null;
    }

    private static IdentityHeader? Header(string name, ConfigNode node) => IsHeaderName(name, node) && node.Claim() is { } claim ? new IdentityHeader(name, claim) : null;

    /// <summary>Whether the service behind may be told something under this name.</summary>
    internal static bool IsHeaderName(string name, ConfigNode node)
    {
        if (Reserved.Contains(name) || ReservedBeginnings.Any(beginning => name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)))
        {
            node.Fault($"'{name}' means something to HTTP, to proxies or to the sidecar itself: take another name.");
            return false;
        }
        if (name.Length is 0 or > 64 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-') || !name.Any(char.IsAsciiLetter))
        {
            node.Fault($"'{name}' is no name for an identity header: letters, digits and hyphens. Servers take an underscore or a dot for a hyphen, so one with those could be sent by a client.");
            return false;
        }
        return true;
    }
}

using Touchstone.Client;
using Touchstone.Sidecar.Kubernetes;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads <c>kubernetes.admission</c>.</summary>
internal static class AdmissionReader
{
    private const int MostRules = 1000;

    private static readonly string[] Known = ["name", "namespaces", "resources", "operations", "annotation", .. RuleReader.OfRequirements];

    internal static AdmissionConfig Read(ConfigNode node)
    {
        var map = node.Map("annotation", "remove_annotation", "rules");
        var items = map.Need("rules")?.Items() ?? [];
        if (map["rules"] is { IsEmpty: true } none) none.Fault("Give one rule at least: what no rule is about is refused.");
        if (items.Count > MostRules) map["rules"]!.Fault($"There are more than {MostRules} rules.");
        var common = Annotation(map["annotation"]);
        var rules = items.Take(MostRules).Select(item => Rule(item, common, map["annotation"] is not null)).OfType<AdmissionRule>().ToArray();
        foreach (var twice in rules.GroupBy(static rule => rule.Token.Name).Where(static group => group.Count() > 1)) map["rules"]!.Fault($"There are two rules '{twice.Key}'.");
        return new AdmissionConfig(rules, map["remove_annotation"]?.Truth() ?? false);
    }

    private static AdmissionRule? Rule(ConfigNode node, string? common, bool hasCommon)
    {
        var map = node.Map(Known);
        var name = map.Need("name")?.Text();
        var annotation = map["annotation"] is { } own ? Annotation(own) : common;
        if (annotation is null && map["annotation"] is null && !hasCommon) node.Fault("Name the annotation with the token, here or for all rules.");
        foreach (var key in new[] { "namespaces", "resources", "operations" }.Where(key => map[key] is { IsEmpty: true })) map[key]!.Fault("An empty list would be about anything: leave the key out.");
        foreach (var operation in map["operations"]?.Items() ?? [])
        {
            if (operation.Text() is { } text and not ("CREATE" or "UPDATE" or "DELETE" or "CONNECT")) operation.Fault($"'{text}' is none of CREATE, UPDATE, DELETE and CONNECT.");
        }
        foreach (var resource in map["resources"]?.Items() ?? [])
        {
            if (resource.Text() is { } text && (text.Split('/').Length > 2 || text.StartsWith('.') || text.Any(static c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '.' or '/')))) resource.Fault($"'{text}' is no resource such as deployments.apps, pods or pods/exec.");
        }
        var token = RuleReader.Requirements(map, node.Line);
        if (token.Policy.FailMode is FailMode.FailOpen) map["fail_mode"]!.Fault("What comes of an outage the failurePolicy of the webhook says: closed or stale_if_error.");
        return name is null || annotation is null ? null : new AdmissionRule(annotation, token with { Name = name }) { Namespaces = map.Texts("namespaces"), Resources = map.Texts("resources"), Operations = map.Texts("operations") };
    }

    // A qualified name: a prefix that is a domain, and a name.
    private static string? Annotation(ConfigNode? node)
    {
        if (node?.Text() is not { } text) return null;
        if (text.Length <= 317 && text.Split('/') is { Length: 1 or 2 } parts && parts.All(static part => part.Length > 0 && part.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))) return text;
        node.Fault($"'{text}' is no name of an annotation, such as acme.example/token.");
        return null;
    }
}

using YamlDotNet.RepresentationModel;

namespace Touchstone.Sidecar.Configuration;

/// <summary>What a file says beside rules and trusted proxies, by the name of the section: it counts from the start of the process. Kept to name what changed, never to show it, for there are secrets in it.</summary>
internal sealed class FixedSections
{
    private const string Opa = "opa", Headers = "headers";

    private static readonly string[] Followed = ["rules", "trusted_proxies"];

    private readonly SortedDictionary<string, YamlNode> _sections = new(StringComparer.Ordinal);

    internal FixedSections(YamlNode? root)
    {
        if (root is not YamlMappingNode all) return;
        foreach (var (key, value) in all.Children)
        {
            if (key is not YamlScalarNode { Value: { } name } || Followed.Contains(name, StringComparer.Ordinal)) continue;
            // The headers of a policy change with the rules.
            if (name == Opa && value is YamlMappingNode opa) _sections[name] = new YamlMappingNode(opa.Children.Where(static member => member.Key is not YamlScalarNode { Value: Headers }));
            else _sections[name] = value;
        }
    }

    /// <summary>The names of those that say something else in another file.</summary>
    internal IReadOnlyList<string> ChangedIn(FixedSections next) =>
        [.. _sections.Keys.Union(next._sections.Keys, StringComparer.Ordinal).Where(name => !Equals(_sections.GetValueOrDefault(name), next._sections.GetValueOrDefault(name))).Order(StringComparer.Ordinal)];
}

using YamlDotNet.RepresentationModel;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>Looks into a YAML file of a sample.</summary>
internal static class Yaml
{
    internal static YamlNode Read(string file)
    {
        using var text = File.OpenText(file);
        var stream = new YamlStream();
        stream.Load(text);
        return stream.Documents.Single().RootNode;
    }

    /// <summary>What lies there; null where nothing does.</summary>
    internal static YamlNode? Find(this YamlNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path) node = node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var child) ? child : null;
        return node;
    }

    /// <summary>The only member of a list.</summary>
    internal static YamlNode Only(this YamlNode? node) => node.ShouldBeOfType<YamlSequenceNode>().Children.ShouldHaveSingleItem();

    /// <summary>The member of a list with this name.</summary>
    internal static YamlNode Named(this YamlNode? node, string name) => node.ShouldBeOfType<YamlSequenceNode>().Single(one => one.Find("name").Text() == name);

    internal static IReadOnlyList<YamlNode> All(this YamlNode? node) => node is YamlSequenceNode list ? [.. list] : [];

    internal static string? Text(this YamlNode? node) => (node as YamlScalarNode)?.Value;
}

using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Touchstone.EndToEnd.Tests.Operations;

/// <summary>One object of a file for Kubernetes.</summary>
internal sealed record Manifest(JsonObject Json)
{
    internal string Kind => (string)Json["kind"]!;

    internal string Name => (string)Json["metadata"]!["name"]!;

    /// <summary>The pods of a workload; null of anything else.</summary>
    internal JsonObject? Pod => Json["spec"]?["template"]?["spec"]?.AsObject();

    internal IEnumerable<JsonObject> Containers => [.. (Pod?["initContainers"]?.AsArray() ?? []).Concat(Pod?["containers"]?.AsArray() ?? []).Select(container => container!.AsObject())];

    internal static IReadOnlyList<Manifest> Read(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Where(document => document.RootNode is YamlMappingNode).Select(document => new Manifest(AsJson(document.RootNode)!.AsObject()))];
    }

    /// <summary>What YAML is for Kubernetes.</summary>
    internal static JsonNode? AsJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(child => KeyValuePair.Create(((YamlScalarNode)child.Key).Value!, AsJson(child.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(AsJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "null" or "~" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when long.TryParse(scalar.Value, out var number) => JsonValue.Create(number),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new InvalidOperationException($"{node} is no JSON."),
    };
}

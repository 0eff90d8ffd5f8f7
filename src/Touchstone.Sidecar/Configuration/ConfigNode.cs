using System.Globalization;
using System.Text.Json;
using Touchstone.Sidecar.Rules;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Touchstone.Sidecar.Configuration;

/// <summary>A value of a file, with the place where it stands. What is not of the kind that is asked for is told, and counts as not there.</summary>
internal sealed class ConfigNode(YamlNode node, string path, ConfigFaults faults)
{
    private const int MostItems = 10_000;

    internal int Line => (int)node.Start.Line;

    internal string Path => path;

    internal bool IsMap => node is YamlMappingNode;

    internal bool IsEmpty => node is YamlSequenceNode { Children.Count: 0 } or YamlMappingNode { Children.Count: 0 };

    internal ConfigFaults Faults => faults;

    internal void Fault(string message) => faults.Add(node.Start, path, message);

    internal void Warn(string message) => faults.Warn(node.Start, path, message);

    /// <summary>The members of an object; unknown ones are told, with the one that may have been meant.</summary>
    internal ConfigMap Map(params string[] known)
    {
        if (node is not YamlMappingNode map)
        {
            Fault($"This must be an object with {string.Join(", ", known)}.");
            return new ConfigMap(this, []);
        }
        var members = new Dictionary<string, ConfigNode>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (!known.Contains(name, StringComparer.Ordinal)) faults.Add(key.Start, path, $"'{Shorten(name)}' is not known here. Known are {string.Join(", ", known)}.");
            else members[name] = new ConfigNode(value, path.Length == 0 ? name : $"{path}.{name}", faults);
        }
        return new ConfigMap(this, members);
    }

    /// <summary>The members of an object with names of any kind.</summary>
    internal IEnumerable<(string Name, ConfigNode Value)> Pairs()
    {
        if (node is YamlMappingNode map) return map.Children.Select(pair => ((pair.Key as YamlScalarNode)?.Value ?? "", new ConfigNode(pair.Value, $"{path}.{(pair.Key as YamlScalarNode)?.Value}", faults)));
        Fault("This must be an object.");
        return [];
    }

    /// <summary>The items of a list; one value alone is a list of one.</summary>
    internal IReadOnlyList<ConfigNode> Items()
    {
        if (node is not YamlSequenceNode list) return [this];
        if (list.Children.Count > MostItems) Fault($"There are more than {MostItems} items.");
        return [.. list.Children.Take(MostItems).Select((item, i) => new ConfigNode(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), faults))];
    }

    internal string? Text()
    {
        if (node is YamlScalarNode { Value: { Length: > 0 } value }) return value;
        Fault("This must be a text that is not empty.");
        return null;
    }

    /// <summary>The name of a claim, or a JSON Pointer to it.</summary>
    internal string? Claim()
    {
        if (Text() is not { } name) return null;
        if (ClaimPointer.FaultOf(name) is not { } fault) return name;
        Fault(fault);
        return null;
    }

    /// <summary>The texts of a list.</summary>
    internal IReadOnlyList<string> Texts() => [.. Items().Select(static item => item.Text()).OfType<string>()];

    internal bool? Truth()
    {
        if (node is YamlScalarNode { Value: "true" or "false" } scalar) return scalar.Value == "true";
        Fault("This must be true or false.");
        return null;
    }

    /// <summary>A time: <c>500ms</c>, <c>90s</c>, <c>5m</c>, <c>1h</c>, <c>7d</c>, or seconds.</summary>
    internal TimeSpan? Duration()
    {
        var text = (node as YamlScalarNode)?.Value ?? "";
        var digits = text.TrimEnd("smhd".ToCharArray());
        double? unit = text[digits.Length..] switch { "ms" => 0.001, "s" or "" => 1, "m" => 60, "h" => 3600, "d" => 86_400, _ => null };
        if (unit is { } factor && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 1e9 && number * factor <= 366 * 86_400) return TimeSpan.FromSeconds(number * factor);
        Fault("This must be a time such as 500ms, 90s, 5m, 1h or 7d.");
        return null;
    }

    /// <summary>A whole number.</summary>
    internal int? Number()
    {
        if (node is YamlScalarNode scalar && int.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        Fault("This must be a whole number.");
        return null;
    }

    /// <summary>A value as JSON has it: what is quoted is a text; what is not may be a number, true or false.</summary>
    internal JsonElement? Json()
    {
        if (node is not YamlScalarNode { Value: { } value } scalar)
        {
            Fault("This must be a text, a number, true or false.");
            return null;
        }
        if (scalar.Style is ScalarStyle.Plain)
        {
            if (value is "true" or "false" || IsNumber(value)) return JsonElement.Parse(value);
            if (value is "null" or "~" or "")
            {
                Fault("A claim is not compared with null: ask whether it exists.");
                return null;
            }
        }
        return JsonElement.Parse("\"" + JsonEncodedText.Encode(value) + "\"");
    }

    private static bool IsNumber(string text)
    {
        try
        {
            return JsonElement.Parse(text).ValueKind is JsonValueKind.Number;
        }
        catch (JsonException)
        {
            return false; // The reader has no other way to say it.
        }
    }

    private static string Shorten(string name) => name.Length <= 40 ? name : name[..39] + "…";
}

/// <summary>The members of an object.</summary>
internal sealed class ConfigMap(ConfigNode owner, Dictionary<string, ConfigNode> members)
{
    internal ConfigNode Owner => owner;

    /// <summary>How many members it has that are known.</summary>
    internal int Count => members.Count;

    internal ConfigNode? this[string name] => members.GetValueOrDefault(name);

    /// <summary>A member that has to be there.</summary>
    internal ConfigNode? Need(string name)
    {
        if (members.TryGetValue(name, out var member)) return member;
        owner.Fault($"'{name}' is missing.");
        return null;
    }

    internal IReadOnlyList<string> Texts(string name) => this[name]?.Texts() ?? [];
}

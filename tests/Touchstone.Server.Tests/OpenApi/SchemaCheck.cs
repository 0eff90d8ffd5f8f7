using System.Text.Json;

namespace Touchstone.Server.Tests.OpenApi;

/// <summary>Holds JSON against a schema of the document, as far as the document uses JSON Schema. A keyword that it does not know is an error of its own.</summary>
internal sealed class SchemaCheck(JsonElement document)
{
    private static readonly string[] Known = ["$ref", "type", "format", "description", "properties", "required", "additionalProperties", "items", "enum", "oneOf"];

    /// <summary>What is wrong with a value, each with its place.</summary>
    internal IEnumerable<string> Faults(JsonElement value, JsonElement schema, string at = "$")
    {
        foreach (var keyword in schema.EnumerateObject().Where(keyword => !Known.Contains(keyword.Name))) yield return $"{at}: unknown keyword {keyword.Name}";
        if (schema.TryGetProperty("$ref", out var reference)) schema = Resolve(reference.GetString()!);
        foreach (var fault in Single(value, schema, at)) yield return fault;
        if (schema.TryGetProperty("oneOf", out var choices) && choices.EnumerateArray().Count(choice => !Faults(value, choice, at).Any()) != 1) yield return $"{at}: not exactly one of the choices";
        if (value.ValueKind is JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var (i, item) in value.EnumerateArray().Index())
                foreach (var fault in Faults(item, items, $"{at}[{i}]")) yield return fault;
        }
        if (value.ValueKind is not JsonValueKind.Object) yield break;
        foreach (var member in value.EnumerateObject())
        {
            if (schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(member.Name, out var property))
            {
                foreach (var fault in Faults(member.Value, property, $"{at}.{member.Name}")) yield return fault;
            }
            else if (schema.TryGetProperty("additionalProperties", out var more) && more.ValueKind is JsonValueKind.False) yield return $"{at}: unknown member {member.Name}";
        }
    }

    internal JsonElement Resolve(string reference) => reference[2..].Split('/').Aggregate(document, (at, name) => at.GetProperty(name));

    private static IEnumerable<string> Single(JsonElement value, JsonElement schema, string at)
    {
        if (schema.TryGetProperty("type", out var type))
        {
            string[] types = type.ValueKind is JsonValueKind.Array ? [.. type.EnumerateArray().Select(each => each.GetString()!)] : [type.GetString()!];
            if (!types.Any(each => IsOf(value, each))) yield return $"{at}: {value.ValueKind} is not {string.Join(" or ", types)}";
        }
        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(each => JsonElement.DeepEquals(each, value))) yield return $"{at}: {value} is none of {allowed}";
        if (value.ValueKind is not JsonValueKind.Object || !schema.TryGetProperty("required", out var required)) yield break;
        foreach (var name in required.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _))) yield return $"{at}: {name} is missing";
    }

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind is JsonValueKind.Object,
        "array" => value.ValueKind is JsonValueKind.Array,
        "string" => value.ValueKind is JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind is JsonValueKind.Number,
        _ => value.ValueKind is JsonValueKind.Null,
    };
}

using System.Text.Json;
using Touchstone.Server.Clients;

namespace Touchstone.Server.TokenIssue;

/// <summary>A type of authorization details, ready for use: judges one object (RFC 9396 §5). Names and texts are compared as they are, without any normalisation (§12).</summary>
internal sealed class DetailType(string name, IEnumerable<KeyValuePair<string, AuthorizationDetailsField>> fields)
{
    internal const int MaxTypes = 64, MaxFields = 64, MaxName = 200;

    private const string OfText = "string", OfTexts = "string[]", OfNumber = "number", OfBoolean = "boolean", OfObject = "object", Locations = "locations";

    // RFC 9396 §2.2.
    private static readonly Dictionary<string, string> Common = new(StringComparer.Ordinal) { [Locations] = OfTexts, ["actions"] = OfTexts, ["datatypes"] = OfTexts, ["privileges"] = OfTexts, ["identifier"] = OfText };

    private readonly Dictionary<string, AuthorizationDetailsField> _fields = new(fields, StringComparer.Ordinal);

    internal string Name => name;

    internal static bool IsName(string? name) => name is { Length: > 0 and <= MaxName } && name.All(c => c is > ' ' and <= '~');

    /// <summary>What is wrong with a member as it is configured.</summary>
    internal static IEnumerable<string> Errors(string name, AuthorizationDetailsField field)
    {
        if (!IsName(name) || name == "type") yield return $"a member has a name of 1 to {MaxName} printable ASCII characters, and not type.";
        if (TypeOf(name, field) is not (OfText or OfTexts or OfNumber or OfBoolean or OfObject)) yield return $"Type must be {OfText}, {OfTexts}, {OfNumber}, {OfBoolean} or {OfObject}.";
        if (field.Type is not null && Common.TryGetValue(name, out var common) && field.Type != common) yield return $"is {common} (RFC 9396 section 2.2).";
        if (field.Values.Count > 0 && TypeOf(name, field) is not (OfText or OfTexts)) yield return $"Values are for {OfText} and {OfTexts}.";
        if (field.Values.Count > 0 && name == Locations) yield return "its values are the resources of the client: leave Values out.";
    }

    /// <summary>What is wrong with an object, as its path and a reason; null when nothing is.</summary>
    /// <param name="detail">An object of this type.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="reach">The resources that it may be about; null for any.</param>
    internal string? Fault(JsonElement detail, string path, IReadOnlyList<string>? reach)
    {
        foreach (var member in detail.EnumerateObject())
        {
            if (member.NameEquals("type"u8)) continue;
            if (!_fields.TryGetValue(member.Name, out var field)) return $"{path}: the type has no such member as {Shortened(member.Name)}.";
            if (Fault(member, field, $"{path}.{member.Name}", reach) is { } fault) return fault;
        }
        foreach (var (required, field) in _fields)
        {
            if (field.Required && !detail.TryGetProperty(required, out _)) return $"{path}.{required}: is missing.";
        }
        return null;
    }

    private static string? Fault(JsonProperty member, AuthorizationDetailsField field, string path, IReadOnlyList<string>? reach)
    {
        var (type, value) = (TypeOf(member.Name, field)!, member.Value);
        if (!Is(type, value)) return $"{path}: must be {(type is OfTexts ? "an array of strings" : type is OfObject ? "an object" : $"a {type}")}.";
        if (type is OfText) return Judge(value, path);
        if (type is not OfTexts) return null;
        if (member.Name == Locations && value.GetArrayLength() == 0) return $"{path}: names no resource; leave it out.";
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (Judge(item, $"{path}[{index++}]") is { } fault) return fault;
        }
        return null;

        string? Judge(JsonElement text, string place)
        {
            if (member.Name == Locations) return ClientRules.IsResource(text.GetString()) && reach?.Contains(text.GetString()!, StringComparer.Ordinal) is not false ? null : $"{place}: is no resource that this token can be for.";
            return field.Values.Count == 0 || field.Values.Contains(text.GetString()!, StringComparer.Ordinal) ? null : $"{place}: is none of the values that the type allows.";
        }
    }

    private static bool Is(string type, JsonElement value) => type switch
    {
        OfText => value.ValueKind is JsonValueKind.String,
        OfTexts => value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String),
        OfNumber => value.ValueKind is JsonValueKind.Number,
        OfBoolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind is JsonValueKind.Object,
    };

    private static string? TypeOf(string name, AuthorizationDetailsField field) => field.Type ?? Common.GetValueOrDefault(name);

    private static string Shortened(string text) => text.Length <= 64 ? text : text[..64];
}

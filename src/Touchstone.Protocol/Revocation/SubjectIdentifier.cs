using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Touchstone.Protocol.Revocation;

/// <summary>A subject as its tokens name it.</summary>
/// <param name="Issuer">The issuer; null for that of this server.</param>
/// <param name="Subject">The identifier at the issuer.</param>
public readonly record struct SubjectIdentifier(string? Issuer, string Subject)
{
    /// <summary>The most identifiers in <c>aliases</c>: 16.</summary>
    public const int MaxAliases = 16;

    // RFC 9493 §3.2: the formats and what each of them has.
    private static readonly Dictionary<string, string[]> Formats = new(StringComparer.Ordinal)
    {
        ["iss_sub"] = ["iss", "sub"], ["opaque"] = ["id"], ["aliases"] = ["identifiers"],
        ["account"] = ["uri"], ["email"] = ["email"], ["phone_number"] = ["phone_number"], ["did"] = ["url"], ["uri"] = ["uri"],
    };

    /// <summary>
    /// Reads a subject identifier (RFC 9493) as the subjects that it names: <c>iss_sub</c> and <c>opaque</c> (an identifier of this server) each name one, <c>aliases</c> those that it holds of them.
    /// An identifier has the members of its format and no other. Formats that no token names its subject by are not supported; beside others in <c>aliases</c> they are passed over, since all of them are one subject.
    /// </summary>
    /// <param name="json">The identifier.</param>
    /// <param name="subjects">The subjects named; never empty on success.</param>
    /// <param name="fault">What is wrong, for people.</param>
    public static bool TryRead(JsonElement json, out IReadOnlyList<SubjectIdentifier> subjects, [NotNullWhen(false)] out string? fault)
    {
        subjects = [];
        fault = Fault(json, out var format);
        if (fault is not null) return false;

        JsonElement[] items = format == "aliases" ? [.. json.GetProperty("identifiers").EnumerateArray()] : [json];
        var read = new List<SubjectIdentifier>(items.Length);
        foreach (var item in items)
        {
            // Aliases hold no aliases (RFC 9493 §3.2.8).
            if (format == "aliases" && (fault = Fault(item, out var inner) ?? (inner == "aliases" ? "aliases must not hold aliases" : null)) is not null) return false;
            if (item.TryGetProperty("sub", out var sub)) read.Add(new SubjectIdentifier(item.GetProperty("iss").GetString(), sub.GetString()!));
            else if (item.TryGetProperty("id", out var id)) read.Add(new SubjectIdentifier(null, id.GetString()!));
        }
        subjects = read;
        fault = read.Count > 0 ? null : "this format does not name the subject of a token here: use iss_sub or opaque, or aliases with one of them";
        return fault is null;
    }

    private static string? Fault(JsonElement json, out string format)
    {
        format = "";
        if (json.ValueKind is not JsonValueKind.Object || !json.TryGetProperty("format", out var name) || name.ValueKind is not JsonValueKind.String) return "a subject identifier is an object with a format (RFC 9493)";
        format = name.GetString()!;
        if (!Formats.TryGetValue(format, out var members)) return "the format is none of RFC 9493";
        if (json.EnumerateObject().Count() != members.Length + 1 || !members.All(member => json.TryGetProperty(member, out _))) return $"the format {format} has the members format, {string.Join(", ", members)} and no other";
        if (format != "aliases") return members.All(member => json.GetProperty(member) is { ValueKind: JsonValueKind.String } value && !value.ValueEquals("")) ? null : $"the members of the format {format} are texts that are not empty";
        return json.GetProperty("identifiers") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() is > 0 and <= MaxAliases ? null : $"identifiers is an array of 1 to {MaxAliases}";
    }
}

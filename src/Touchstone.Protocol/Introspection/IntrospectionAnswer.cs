using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Touchstone.Protocol.Introspection;

/// <summary>An introspection answer as its reader has it: whether the token is active, and every member with its JSON type.</summary>
public sealed class IntrospectionAnswer
{
    // One name, one value: what two readers could understand differently is refused, at every depth.
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    private IntrospectionAnswer(JsonElement members)
    {
        Members = members;
        IsActive = members.GetProperty("active").GetBoolean();
    }

    /// <summary>Whether the token is active.</summary>
    public bool IsActive { get; }

    /// <summary>The whole JSON object.</summary>
    public JsonElement Members { get; }

    /// <summary>
    /// Reads an answer of any RFC 7662 server. Fails on anything that is not an object with a boolean <c>active</c>, that says a member twice, or that
    /// is not Unicode text throughout (no member throws when it is read later): what can't be understood is never taken for an answer.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out IntrospectionAnswer? answer)
    {
        answer = null;
        try
        {
            if (!IsText(json)) return false;
            var members = JsonElement.Parse(json, Options);
            if (!IsAnswer(members)) return false;
            answer = new IntrospectionAnswer(members);
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false; // The reader has no other way to say it.
        }
    }

    // The JSON reader looks into strings only when asked: bytes that are not UTF-8 and half a surrogate pair (\ud800) would be found by whoever reads the member.
    private static bool IsText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) return false;
        if (!json.Contains((byte)'\\')) return true;
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.ValueIsEscaped) reader.GetString();
        }
        return true;
    }

    private static bool IsAnswer(JsonElement root) =>
        root.ValueKind is JsonValueKind.Object && root.TryGetProperty("active"u8, out var active) && active.ValueKind is JsonValueKind.True or JsonValueKind.False;
}

using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Touchstone.Server.TokenIssue;

/// <summary>Authorization details as JSON text (RFC 9396 §2): bounded, one value for one name, and without anything that its readers could understand differently.</summary>
internal static class DetailsJson
{
    internal const int MaxBytes = 16 << 10, MaxObjects = 32, MaxDepth = 8;

    internal static readonly string Shape = $"authorization_details: must be a JSON array of 1 to {MaxObjects} objects with a type, at most {MaxBytes} bytes and {MaxDepth} levels, no member twice, no control characters, and no number that a double does not hold (beyond 9007199254740991, or with too many digits).";

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    // What is written is read by JSON parsers, never placed into HTML; and it is no longer than what came.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads what was sent; false when it has not the shape.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out JsonElement? details)
    {
        details = null;
        if (text.Length > MaxBytes || !Utf8.IsValid(text)) return false;
        try
        {
            var root = JsonElement.Parse(text, Reading);
            if (root.ValueKind is not JsonValueKind.Array || root.GetArrayLength() is 0 or > MaxObjects) return false;
            if (!root.EnumerateArray().All(IsDetail) || !IsPlain(root)) return false;
            details = root;
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false; // The reader has no other way to say it; half a surrogate pair is the second.
        }
    }

    /// <summary>The same without white space. Numbers stay as they were written.</summary>
    internal static ReadOnlyMemory<byte> Write(JsonElement details)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Writing)) details.WriteTo(json);
        return buffer.WrittenMemory;
    }

    /// <summary>Some of several as an array; nothing where there are none.</summary>
    internal static ReadOnlyMemory<byte> Write(IReadOnlyCollection<JsonElement> details)
    {
        if (details.Count == 0) return default;
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Writing))
        {
            json.WriteStartArray();
            foreach (var detail in details) detail.WriteTo(json);
            json.WriteEndArray();
        }
        return buffer.WrittenMemory;
    }

    private static bool IsDetail(JsonElement detail) => detail.ValueKind is JsonValueKind.Object && detail.TryGetProperty("type"u8, out var type) && type.ValueKind is JsonValueKind.String;

    // The depth is bounded by the reader.
    private static bool IsPlain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => IsPlain(value.GetString()!),
        JsonValueKind.Number => ExactNumber.Is(value.GetRawText()),
        JsonValueKind.Array => value.EnumerateArray().All(IsPlain),
        JsonValueKind.Object => value.EnumerateObject().All(member => IsPlain(member.Name) && IsPlain(member.Value)),
        _ => true,
    };

    private static bool IsPlain(string text) => !text.Any(char.IsControl);
}

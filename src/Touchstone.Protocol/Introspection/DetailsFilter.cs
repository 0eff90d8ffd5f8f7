using System.Buffers;
using System.Text.Json;

namespace Touchstone.Protocol.Introspection;

/// <summary>
/// Which of a token's <c>authorization_details</c> a resource server is told (RFC 9396 §9.1, §9.2): those that name no <c>locations</c>, and those that name one of its identifiers. Pure; what is shown is shown byte for byte.
/// </summary>
public static class DetailsFilter
{
    /// <summary>Whether any of them says for whom it is. If none does, every resource server of the token is told the same.</summary>
    /// <param name="details">A JSON array; empty for none.</param>
    public static bool IsNeeded(ReadOnlySpan<byte> details)
    {
        if (details.IsEmpty) return false;
        var reader = new Utf8JsonReader(details);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName && reader.CurrentDepth == 2 && reader.ValueTextEquals("locations"u8)) return true;
        }
        return false;
    }

    /// <summary>Those that are for one of these identifiers; empty when none is left.</summary>
    /// <param name="details">A JSON array; empty for none.</param>
    /// <param name="identifiers">The identifiers of the resource servers.</param>
    public static ReadOnlyMemory<byte> For(ReadOnlyMemory<byte> details, IReadOnlyCollection<string> identifiers)
    {
        if (!IsNeeded(details.Span)) return details;
        var shown = new ArrayBufferWriter<byte>(details.Length);
        var reader = new Utf8JsonReader(details.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var isFor = IsFor(ref reader, identifiers);
            if (!isFor) continue;
            shown.Write(shown.WrittenCount == 0 ? "["u8 : ","u8);
            shown.Write(details.Span[start..(int)reader.BytesConsumed]);
        }
        if (shown.WrittenCount == 0) return default;
        shown.Write("]"u8);
        return shown.WrittenMemory;
    }

    // Every word about locations has to name one of them; one that can't be understood names none. Stands on the last byte of the value afterwards.
    private static bool IsFor(ref Utf8JsonReader reader, IReadOnlyCollection<string> identifiers)
    {
        if (reader.TokenType is not JsonTokenType.StartObject) return true;
        var isFor = true;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isLocations = reader.ValueTextEquals("locations"u8);
            reader.Read();
            if (isLocations) isFor &= Names(ref reader, identifiers);
            else reader.Skip();
        }
        return isFor;
    }

    private static bool Names(ref Utf8JsonReader reader, IReadOnlyCollection<string> identifiers)
    {
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            var isOne = reader.TokenType is JsonTokenType.String && identifiers.Contains(reader.GetString()!, StringComparer.Ordinal);
            reader.Skip();
            return isOne;
        }
        var isNamed = false;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is JsonTokenType.String) isNamed |= identifiers.Contains(reader.GetString()!, StringComparer.Ordinal);
            else reader.Skip();
        }
        return isNamed;
    }
}

using System.Buffers;
using System.Text;
using System.Text.Json;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage;

/// <summary>A record's lineage as it is stored: a JSON array with <c>[kind, name, issuer, tenant]</c> for each selector, so that a database can look for their rows too.</summary>
internal static class LineageText
{
    internal static string? Of(IReadOnlyList<Selector> lineage)
    {
        if (lineage.Count == 0) return null;
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var selector in lineage)
            {
                json.WriteStartArray();
                json.WriteNumberValue((int)selector.Kind);
                json.WriteStringValue(selector.Kind is SelectorKind.Token ? selector.Hash.ToString() : selector.Id);
                Write(json, selector.Issuer);
                Write(json, selector.Group);
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    internal static IReadOnlyList<Selector> Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty) return [];
        using var json = JsonDocument.Parse(utf8.ToArray());
        return [.. json.RootElement.EnumerateArray().Select(Read)];
    }

    // What can't be read may be what ends the token: a fault, and no token without it.
    private static Selector Read(JsonElement stored)
    {
        var (kind, name, issuer, tenant) = ((SelectorKind)stored[0].GetByte(), stored[1].GetString(), stored[2].GetString(), stored[3].GetString());
        if (kind is not SelectorKind.Token) return new Selector(kind, default, name, issuer, tenant);
        return TokenHash.TryParse(name, out var hash) ? Selector.Token(hash) : throw new StoreException("A stored lineage can't be read.");
    }

    private static void Write(Utf8JsonWriter json, string? text)
    {
        if (text is null) json.WriteNullValue();
        else json.WriteStringValue(text);
    }
}

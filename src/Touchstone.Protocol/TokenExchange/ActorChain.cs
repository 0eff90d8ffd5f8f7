using System.Buffers;
using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.TokenExchange;

/// <summary><c>act</c> (RFC 8693 §4.1): who acts now, and within it who acted before, the innermost first of all. Decisions look at the outermost alone.</summary>
internal static class ActorChain
{
    /// <summary>The most actors one within the other: 8.</summary>
    internal const int MaxDepth = 8;

    private const int MaxLength = 16 << 10;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>Puts an actor, whose name is one of <paramref name="home"/>, around those who acted before; fails when they can't be read, or become too many.</summary>
    internal static bool TryNest(TokenRecord actor, string home, string ownIssuer, ReadOnlyMemory<byte> earlier, out ReadOnlyMemory<byte> act)
    {
        act = default;
        if (Depth(earlier) is not (>= 0 and < MaxDepth)) return false;
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("sub"u8, actor.Subject);
            if (home != ownIssuer) json.WriteString("iss"u8, home);
            json.WriteString("client_id"u8, actor.ClientId); // So that a client can't pass for a person of the same name (RFC 9700 §4.15.1).
            if (!earlier.IsEmpty)
            {
                json.WritePropertyName("act"u8);
                json.WriteRawValue(earlier.Span);
            }
            json.WriteEndObject();
        }
        act = buffer.WrittenMemory;
        return act.Length <= MaxLength;
    }

    /// <summary>
    /// What a new token takes over of who acted before. Names in a token of another issuer are that one's, unless they say otherwise; in ours they would be read as our own, so each is told whose it is. Fails when they can't be read, are too many, or become too long.
    /// </summary>
    internal static bool TryCarry(ReadOnlyMemory<byte> act, string issuer, string ownIssuer, out ReadOnlyMemory<byte> carried)
    {
        carried = act;
        if (issuer == ownIssuer || act.IsEmpty) return true;
        if (Depth(act) is not (> 0 and <= MaxDepth)) return false;
        using var chain = JsonDocument.Parse(act, Strict);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            if (!TryWrite(json, chain.RootElement, issuer)) return false;
        }
        carried = buffer.WrittenMemory;
        return carried.Length <= MaxLength;
    }

    private static bool TryWrite(Utf8JsonWriter json, JsonElement actor, string issuer)
    {
        json.WriteStartObject();
        if (!actor.TryGetProperty("iss"u8, out var named)) json.WriteString("iss"u8, issuer);
        else if (named.ValueKind is not JsonValueKind.String) return false;
        foreach (var member in actor.EnumerateObject())
        {
            if (!member.NameEquals("act"u8))
            {
                member.WriteTo(json);
                continue;
            }
            json.WritePropertyName("act"u8);
            if (!TryWrite(json, member.Value, issuer)) return false;
        }
        json.WriteEndObject();
        return true;
    }

    // How many actors there are, one within the other; -1 when that can't be told.
    private static int Depth(ReadOnlyMemory<byte> act)
    {
        if (act.IsEmpty) return 0;
        try
        {
            using var json = JsonDocument.Parse(act, Strict);
            var depth = 0;
            for (var actor = json.RootElement; ;)
            {
                if (actor.ValueKind is not JsonValueKind.Object) return -1;
                depth++;
                if (!actor.TryGetProperty("act"u8, out actor)) return depth;
            }
        }
        catch (JsonException)
        {
            return -1;
        }
    }
}

using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Touchstone.Client.Routing;

/// <summary>Reads whom a JWT names as its issuer, to find out whom to ask. It is believed for nothing else: who lies is asked about at a server that does not know the token.</summary>
internal static class UnverifiedIssuer
{
    private const int Longest = 16 << 10;

    /// <summary>The route of the issuer; null where it is no JWT, or names none of them.</summary>
    internal static IntrospectionRoute? Find(ReadOnlySpan<char> token, IntrospectionRoute[] routes)
    {
        if (token.Length > Longest || !token.StartsWith("eyJ", StringComparison.Ordinal)) return null;
        var first = token.IndexOf('.');
        var second = first < 0 ? -1 : token[(first + 1)..].IndexOf('.');
        if (second < 0) return null;
        var buffer = ArrayPool<byte>.Shared.Rent(Longest);
        try
        {
            return Base64Url.DecodeFromChars(token.Slice(first + 1, second), buffer, out _, out var written) is OperationStatus.Done ? Find(buffer.AsSpan(0, written), routes) : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // The reader has no other way to say it.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static IntrospectionRoute? Find(ReadOnlySpan<byte> payload, IntrospectionRoute[] routes)
    {
        var reader = new Utf8JsonReader(payload);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return null;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isIssuer = reader.ValueTextEquals("iss"u8);
            reader.Read();
            if (isIssuer)
            {
                if (reader.TokenType is not JsonTokenType.String) return null;
                foreach (var route in routes)
                {
                    if (reader.ValueTextEquals(route.JwtIssuer)) return route;
                }
                return null;
            }
            reader.Skip();
        }
        return null;
    }
}

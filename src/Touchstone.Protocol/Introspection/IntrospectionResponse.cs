using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Introspection;

/// <summary>The answer to an introspection (RFC 7662 §2.2) as exact JSON.</summary>
public static class IntrospectionResponse
{
    /// <summary>The media type: <c>application/json</c>.</summary>
    public const string MediaType = "application/json";

    // The relaxed encoder writes "ü" and "+" as they are: the answer is read by JSON parsers, never placed into HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>The whole answer about a token that is inactive, unknown or not for the caller: <c>{"active":false}</c> and nothing more.</summary>
    public static ReadOnlySpan<byte> Inactive => "{\"active\":false}"u8;

    /// <summary>Writes the answer about an active token. What the record doesn't have is left out; types are those of the record.</summary>
    public static void WriteActive(IBufferWriter<byte> output, TokenRecord record)
    {
        // One writer per thread: made afresh it would be the only allocation of the answer (104 bytes).
        var json = _writer ??= new Utf8JsonWriter(output, Options);
        json.Reset(output);
        json.WriteStartObject();
        json.WriteBoolean("active"u8, true);
        json.WriteString("iss"u8, record.Issuer);
        if (record.Subject is not null) json.WriteString("sub"u8, record.Subject);
        json.WriteString("client_id"u8, record.ClientId);
        if (record.Username is not null) json.WriteString("username"u8, record.Username);
        WriteAudience(json, record.Audience);
        if (!record.Scope.IsEmpty) json.WriteString("scope"u8, record.Scope.Text);
        // RFC 7662 §2.2 has token_type for access tokens; a refresh token has none (it is not a type of RFC 6749 §5.1).
        if (record.Kind is TokenKind.AccessToken) json.WriteString("token_type"u8, record.TokenType);
        json.WriteNumber("iat"u8, record.IssuedAt);
        if (record.NotBefore is { } notBefore) json.WriteNumber("nbf"u8, notBefore);
        json.WriteNumber("exp"u8, record.ExpiresAt);
        if (record.Jti is not null) json.WriteString("jti"u8, record.Jti);
        WriteRaw(json, "cnf"u8, record.Confirmation);
        WriteRaw(json, "act"u8, record.Actor);
        WriteRaw(json, "authorization_details"u8, record.AuthorizationDetails);
        WriteClaims(json, record.Claims);
        json.WriteEndObject();
        json.Flush();
    }

    // One audience is a string, several are an array (RFC 7519 §4.1.3).
    private static void WriteAudience(Utf8JsonWriter json, IReadOnlyList<string> audience)
    {
        if (audience.Count == 0) return;
        if (audience.Count == 1)
        {
            json.WriteString("aud"u8, audience[0]);
            return;
        }
        json.WriteStartArray("aud"u8);
        for (var i = 0; i < audience.Count; i++) json.WriteStringValue(audience[i]);
        json.WriteEndArray();
    }

    private static void WriteRaw(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value)
    {
        if (value.IsEmpty) return;
        json.WritePropertyName(name);
        json.WriteRawValue(value.Span, skipInputValidation: true);
    }

    // Registration refuses reserved names; should a record have one all the same, the server's own word stands and the claim is dropped.
    private static void WriteClaims(Utf8JsonWriter json, ReadOnlyMemory<byte> claims)
    {
        if (claims.IsEmpty) return;
        var reader = new Utf8JsonReader(claims.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isReserved = IntrospectionMembers.IsReservedName(in reader);
            if (!isReserved) WriteName(json, in reader);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!isReserved) json.WriteRawValue(claims.Span[start..(int)reader.BytesConsumed], skipInputValidation: true);
        }
    }

    private static void WriteName(Utf8JsonWriter json, ref readonly Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped) json.WritePropertyName(reader.GetString()!); // Rare, and the only string made.
        else json.WritePropertyName(reader.ValueSpan);
    }
}

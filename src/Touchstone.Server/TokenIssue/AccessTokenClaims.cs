using System.Buffers;
using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Revocation;

namespace Touchstone.Server.TokenIssue;

/// <summary>The claims of a JWT access token (RFC 9068 §2.2): what its record says, and what a follower of the feed needs to judge it by (docs/feed.md).</summary>
internal static class AccessTokenClaims
{
    // A JWT is read by many: no need to escape what JSON can hold.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // Beside the members of an answer: our own, and those by which other kinds of JWT are known (RFC 8725 §3.12).
    private static readonly FrozenSet<string> NotCustom = FrozenSet.ToFrozenSet(["touchstone", "events", "htm", "htu", "token_introspection", "response_type"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Writes them, for a record with a subject and an audience.</summary>
    /// <param name="record">The token.</param>
    /// <param name="epoch">The epoch that the record's <see cref="TokenRecord.Born"/> is of: taken before it.</param>
    internal static ReadOnlySpan<byte> Write(TokenRecord record, Guid epoch)
    {
        var buffer = new ArrayBufferWriter<byte>(640);
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        json.WriteString("iss"u8, record.Issuer);
        json.WriteString("sub"u8, record.Subject);
        WriteAudience(json, record.Audience);
        json.WriteString("client_id"u8, record.ClientId);
        json.WriteNumber("iat"u8, record.IssuedAt);
        if (record.NotBefore is { } notBefore) json.WriteNumber("nbf"u8, notBefore);
        json.WriteNumber("exp"u8, record.ExpiresAt);
        json.WriteString("jti"u8, record.Jti);
        if (!record.Scope.IsEmpty) json.WriteString("scope"u8, record.Scope.Text);
        if (record.Session is { } session) json.WriteString("sid"u8, session);
        if (record.Username is { } username) json.WriteString("username"u8, username);
        WriteRaw(json, "cnf"u8, record.Confirmation);
        WriteRaw(json, "act"u8, record.Actor);
        WriteRaw(json, "authorization_details"u8, DetailsFilter.For(record.AuthorizationDetails, record.Audience));
        if (!record.Claims.IsEmpty) WriteCustom(json, record);
        WriteBirth(json, record, epoch);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }

    private static void WriteAudience(Utf8JsonWriter json, IReadOnlyList<string> audience)
    {
        if (audience is [var only])
        {
            json.WriteString("aud"u8, only);
            return;
        }
        json.WriteStartArray("aud"u8);
        foreach (var name in audience) json.WriteStringValue(name);
        json.WriteEndArray();
    }

    private static void WriteRaw(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value)
    {
        if (value.IsEmpty) return;
        json.WritePropertyName(name);
        json.WriteRawValue(value.Span, skipInputValidation: true);
    }

    // Never in place of a registered claim (L14).
    private static void WriteCustom(Utf8JsonWriter json, TokenRecord record)
    {
        using var claims = JsonDocument.Parse(record.Claims);
        foreach (var claim in claims.RootElement.EnumerateObject())
        {
            if (IntrospectionMembers.IsReserved(claim.Name) || NotCustom.Contains(claim.Name) || (record.Session is not null && claim.NameEquals("sid"u8))) continue;
            claim.WriteTo(json);
        }
    }

    // A record with a lineage can be ended by what stands nowhere in the JWT: subjects, clients and sessions of the tokens that it descends from. A follower would look for what is named, find no row, and
    // accept what the server would not. Without born it does not believe that it knows all, and asks. The claim is there all the same: by it everybody knows a JWT of which the server knows more.
    private static void WriteBirth(Utf8JsonWriter json, TokenRecord record, Guid epoch)
    {
        json.WriteStartObject("touchstone"u8);
        if (record.Lineage.Count > 0)
        {
            json.WriteBoolean("lineage"u8, true);
            json.WriteEndObject();
            return;
        }
        json.WriteString("born"u8, RevocationLog.CursorOf(epoch, record.Born));
        if (record.Grant is { } grant) json.WriteString("grant"u8, grant);
        if (record.Tenant is { } tenant) json.WriteString("tenant"u8, tenant);
        if (record.Ancestors.Count > 0)
        {
            json.WriteStartArray("ancestors"u8);
            foreach (var ancestor in record.Ancestors) json.WriteStringValue(ancestor.ToString());
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Admin;

/// <summary>All that is known of a token, for an administrator: the answer, the reason, the record, the row that ends it, and how a caller sees it.</summary>
internal static class TokenView
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static void Write(IBufferWriter<byte> output, in FoundRecord found, InactiveReason reason, RevocationRow? row, RefreshUse? use, Client? viewer)
    {
        var whole = reason is InactiveReason.None ? Answer(found.Record!) : IntrospectionResponse.Inactive.ToArray();
        var shown = viewer is null || reason is not InactiveReason.None ? whole : Shown(whole, viewer.Caller.View);
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteBoolean("known", found.Record is not null);
        json.WriteBoolean("active", reason is InactiveReason.None);
        json.WriteString("reason", reason.Name());
        json.WritePropertyName("response");
        json.WriteRawValue(shown);
        if (found.Record is { } record) WriteRecord(json, record);
        if (row is not null) WriteRow(json, row);
        if (use is not null) WriteUse(json, use);
        if (viewer is not null) CallerView.Write(json, viewer, found.Record, reason, whole, shown);
        json.WriteEndObject();
    }

    private static byte[] Answer(TokenRecord record)
    {
        var answer = new ArrayBufferWriter<byte>(512);
        IntrospectionResponse.WriteActive(answer, record);
        return answer.WrittenSpan.ToArray();
    }

    private static byte[] Shown(byte[] whole, IntrospectionView view)
    {
        var shown = new ArrayBufferWriter<byte>(512);
        view.Write(shown, whole);
        return shown.WrittenSpan.ToArray();
    }

    private static void WriteRecord(Utf8JsonWriter json, TokenRecord record)
    {
        json.WriteStartObject("record");
        json.WriteString("token_sha256", record.Hash.ToString());
        json.WriteString("kind", record.Kind.Name());
        json.WriteString("client_id", record.ClientId);
        json.WriteString("iss", record.Issuer);
        Text("sub", record.Subject);
        Text("username", record.Username);
        json.WriteString("scope", record.Scope.Text);
        List("aud", record.Audience);
        Text("jti", record.Jti);
        Text("grant", record.Grant);
        Text("session", record.Session);
        Text("tenant", record.Tenant);
        json.WriteNumber("born", record.Born);
        List("ancestors", [.. record.Ancestors.Select(hash => hash.ToString())]);
        json.WriteNumber("iat", record.IssuedAt);
        if (record.NotBefore is { } notBefore) json.WriteNumber("nbf", notBefore);
        json.WriteNumber("exp", record.ExpiresAt);
        if (record.GrantExpiresAt is { } grantEnd) json.WriteNumber("grant_exp", grantEnd);
        Raw("cnf", record.Confirmation);
        Raw("act", record.Actor);
        Raw("authorization_details", record.AuthorizationDetails);
        Raw("claims", record.Claims);
        json.WriteEndObject();

        void Text(string name, string? value)
        {
            if (value is not null) json.WriteString(name, value);
        }

        void List(string name, IReadOnlyList<string> values)
        {
            json.WriteStartArray(name);
            foreach (var value in values) json.WriteStringValue(value);
            json.WriteEndArray();
        }

        void Raw(string name, ReadOnlyMemory<byte> value)
        {
            if (value.IsEmpty) return;
            json.WritePropertyName(name);
            json.WriteRawValue(value.Span);
        }
    }

    private static void WriteUse(Utf8JsonWriter json, RefreshUse use)
    {
        json.WriteStartObject("use");
        json.WriteNumber("at", use.UsedAt);
        json.WriteString("grant", use.Grant);
        json.WriteString("successor_sha256", use.Successor.ToString());
        json.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter json, RevocationRow row)
    {
        json.WriteStartObject("revocation");
        json.WriteString("id", row.Id);
        json.WriteNumber("seq", row.Seq);
        json.WriteNumber("at", row.At);
        json.WriteString("selector", row.Selector.ToString());
        json.WriteString("actor", row.Actor);
        if (row.Reason is not null) json.WriteString("reason", row.Reason);
        json.WriteEndObject();
    }
}

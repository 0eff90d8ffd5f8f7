using System.Text.Json;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Admin;

/// <summary>How a token stands with one caller, for an administrator: who the caller is, why it is told what it is told, and what its view keeps from it.</summary>
internal static class CallerView
{
    internal static void Write(Utf8JsonWriter json, Client caller, TokenRecord? record, InactiveReason reason, byte[] whole, byte[] shown)
    {
        json.WriteStartObject("caller");
        json.WriteString("client_id", caller.Id);
        json.WriteString("kind", caller.Registration.Kind);
        json.WriteBoolean("enabled", caller.Registration.Enabled);
        json.WriteBoolean("may_introspect", caller.Registration.MayIntrospect);
        WriteList(json, "audience", caller.Registration.Audience);
        if (Why(caller, record, reason) is { } why) json.WriteString("why", why);
        json.WriteEndObject();
        if (caller.Registration.View is not { } view) return;
        json.WritePropertyName("view");
        JsonSerializer.Serialize(json, view, AdminJson.Default.ViewRegistration);
        if (reason is InactiveReason.None) WriteHidden(json, whole, shown);
    }

    // Null where the reason says all: a caller changes nothing about an expired token.
    private static string? Why(Client caller, TokenRecord? record, InactiveReason reason)
    {
        if (!caller.Registration.Enabled) return "The client is disabled: whatever the token, it is answered 401 invalid_client.";
        if (!caller.Registration.MayIntrospect) return "The client may not introspect, except with an access token of scope touchstone:introspect: whatever the token, it is answered 403 access_denied.";
        if (reason is not InactiveReason.NotForCaller || record is null) return null;
        if (caller.Caller.Kind is CallerKind.Client) return $"The token was issued to {record.ClientId}; a client sees its own tokens only.";
        if (record.Kind is not TokenKind.AccessToken) return "It is a refresh token; a resource server sees access tokens only.";
        return record.Audience.Count == 0 ? "The token has no audience; a resource server sees tokens whose audience has one of its identifiers." : "None of the token's audiences is an identifier of this resource server.";
    }

    // Found by comparing the answers, not by asking the view: it is what was really kept back.
    private static void WriteHidden(Utf8JsonWriter json, byte[] whole, byte[] shown)
    {
        using var all = JsonDocument.Parse(whole);
        using var seen = JsonDocument.Parse(shown);
        json.WriteStartObject("hidden");
        WriteList(json, "members", all.RootElement.EnumerateObject().Select(member => member.Name).Where(name => !seen.RootElement.TryGetProperty(name, out _)));
        WriteList(json, "scope", Words(all.RootElement, "scope").Except(Words(seen.RootElement, "scope")));
        WriteList(json, "aud", Words(all.RootElement, "aud").Except(Words(seen.RootElement, "aud")));
        json.WriteEndObject();
    }

    private static IEnumerable<string> Words(JsonElement answer, string name) =>
        !answer.TryGetProperty(name, out var value) ? [] : value.ValueKind is JsonValueKind.Array ? value.EnumerateArray().Select(item => item.GetString()!) : value.GetString()!.Split(' ');

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}

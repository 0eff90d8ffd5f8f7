using System.Buffers;
using System.Text.Json;

namespace Touchstone.Server.Audit;

/// <summary>An event as JSON: members in one fixed order, none that is null, ASCII only. The chain puts its own members before them.</summary>
internal static class AuditJson
{
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? _scratch;

    /// <summary>The event's bytes; they are good until the next call on this thread.</summary>
    internal static ReadOnlySpan<byte> Write(AuditEvent e, AuditPrivacy privacy)
    {
        var (buffer, json) = _scratch ??= Scratch();
        buffer.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        json.WriteNumber("at"u8, e.At);
        json.WriteString("kind"u8, e.Kind);
        json.WriteString("outcome"u8, e.Outcome);
        Write(json, "reason"u8, e.Reason);
        Write(json, "actor"u8, e.Actor);
        Write(json, "client"u8, e.Client);
        Write(json, "subject"u8, privacy.Subject(e.Subject));
        Write(json, "session"u8, privacy.Session(e.Session));
        Write(json, "grant"u8, privacy.Grant(e.Grant));
        Write(json, "tenant"u8, privacy.Tenant(e.Tenant));
        Write(json, "jti"u8, privacy.Jti(e.Jti));
        if (e.Token is { } token)
        {
            Span<byte> hash = stackalloc byte[32];
            Span<byte> digits = stackalloc byte[16];
            token.CopyTo(hash);
            Convert.TryToHexStringLower(hash[..8], digits, out _);
            json.WriteString("token"u8, digits);
        }
        Write(json, "address"u8, privacy.Address(e.Origin?.Address));
        Write(json, "user_agent"u8, privacy.UserAgent(e.Origin?.UserAgent));
        Write(json, "endpoint"u8, e.Endpoint);
        if (e.DurationMicroseconds is { } duration) json.WriteNumber("duration_us"u8, duration);
        if (e.Revocation is { } row) json.WriteNumber("revocation"u8, row);
        Write(json, "trace"u8, e.Origin?.Trace);
        Write(json, "request"u8, e.Origin?.Request);
        foreach (var (name, value) in e.More)
        {
            if (value is long number) json.WriteNumber(name, number);
            else json.WriteString(name, (string)value);
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }

    /// <summary>The member <c>jti</c> of an answer, or null.</summary>
    internal static string? JtiOf(ReadOnlySpan<byte> answer)
    {
        var reader = new Utf8JsonReader(answer);
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType is not JsonTokenType.PropertyName || !reader.ValueTextEquals("jti"u8)) continue;
            reader.Read();
            return reader.GetString();
        }
        return null;
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null) json.WriteString(name, value);
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Scratch()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        return (buffer, new Utf8JsonWriter(buffer));
    }
}

using System.Text;
using System.Text.Json;

namespace Touchstone.Server.Audit;

/// <summary>Records in the terms of the Open Cybersecurity Schema Framework, so that a SIEM knows them. docs/audit.md has the mapping.</summary>
public static class Ocsf
{
    private const string SchemaVersion = "1.3.0";

    // Members that have a place of their own in the schema; the rest goes to "unmapped".
    private static readonly HashSet<string> Mapped = ["at", "kind", "outcome", "reason", "actor", "subject", "session", "tenant", "address", "user_agent", "chain", "n", "prev", "trace", "request", "signature"];

    /// <summary>One record as one line.</summary>
    public static string Write(JsonElement record)
    {
        var kind = Text(record, "kind") ?? "";
        var (uid, name, category, activity, activityName) = Class(kind, record);
        var hasFailed = Text(record, "outcome") is "failure" or "inactive";
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("class_uid"u8, uid);
            json.WriteString("class_name"u8, name);
            json.WriteNumber("category_uid"u8, category);
            json.WriteNumber("activity_id"u8, activity);
            json.WriteString("activity_name"u8, activityName);
            json.WriteNumber("type_uid"u8, (uid * 100) + activity);
            json.WriteNumber("time"u8, record.GetProperty("at").GetInt64());
            json.WriteNumber("severity_id"u8, Severity(kind, hasFailed));
            json.WriteNumber("status_id"u8, hasFailed ? 2 : 1);
            json.WriteString("status"u8, hasFailed ? "Failure" : "Success");
            if (Text(record, "reason") is { } reason) json.WriteString("status_detail"u8, reason);
            WriteMetadata(json, record);
            if (Text(record, "actor") is { } actor)
            {
                json.WriteStartObject("actor"u8);
                json.WriteString("app_uid"u8, actor);
                json.WriteString("app_name"u8, actor);
                json.WriteEndObject();
            }
            WriteUser(json, record, uid);
            WriteEndpoint(json, record, uid, kind);
            WriteUnmapped(json, record, kind);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static (int Uid, string Name, int Category, int Activity, string ActivityName) Class(string kind, JsonElement record) => kind switch
    {
        AuditKind.Issued => (3002, "Authentication", 3, 3, "Authentication Ticket"),
        AuditKind.Revoked => (3002, "Authentication", 3, 2, "Logoff"),
        AuditKind.AuthenticationFailed => (3002, "Authentication", 3, 1, "Logon"),
        AuditKind.KeyChanged => (3001, "Account Change", 3, 3, "Password Change"),
        AuditKind.ClientChanged or AuditKind.SubjectChanged => Change(record),
        AuditKind.Introspected => (6003, "API Activity", 6, 2, "Read"),
        AuditKind.SigningKeyChanged => (6003, "API Activity", 6, 3, "Update"),
        AuditKind.SettingChanged => (6003, "API Activity", 6, 3, "Update"),
        AuditKind.AccessRefused or AuditKind.LimitHit => (6003, "API Activity", 6, 99, "Other"),
        AuditKind.Detection => (2004, "Detection Finding", 2, 1, "Create"),
        AuditKind.Retention => (1008, "Event Log Activity", 1, 2, "Delete"),
        _ => (1008, "Event Log Activity", 1, 99, "Other"),
    };

    private static (int, string, int, int, string) Change(JsonElement record) => (Text(record, "changed"), Text(record, "enabled")) switch
    {
        ("added", _) => (3001, "Account Change", 3, 1, "Create"),
        ("enabled", "true") => (3001, "Account Change", 3, 2, "Enable"),
        ("enabled", _) => (3001, "Account Change", 3, 5, "Disable"),
        _ => (3001, "Account Change", 3, 99, "Other"),
    };

    // 1 informational, 2 low, 3 medium, 4 high.
    private static int Severity(string kind, bool hasFailed) => kind switch
    {
        AuditKind.Detection or AuditKind.Gap => 4,
        AuditKind.AuthenticationFailed or AuditKind.AccessRefused or AuditKind.LimitHit => 3,
        _ => hasFailed ? 2 : 1,
    };

    private static void WriteMetadata(Utf8JsonWriter json, JsonElement record)
    {
        json.WriteStartObject("metadata"u8);
        json.WriteString("version"u8, SchemaVersion);
        json.WriteString("uid"u8, $"{Text(record, "chain")}/{record.GetProperty("n").GetInt64()}");
        json.WriteString("log_name"u8, Text(record, "chain"));
        json.WriteNumber("sequence"u8, record.GetProperty("n").GetInt64());
        json.WriteString("event_code"u8, Text(record, "kind"));
        if ((Text(record, "trace") ?? Text(record, "request")) is { } correlation) json.WriteString("correlation_uid"u8, correlation);
        if (Text(record, "tenant") is { } tenant) json.WriteString("tenant_uid"u8, tenant);
        json.WriteStartObject("product"u8);
        json.WriteString("name"u8, "Touchstone");
        json.WriteString("vendor_name"u8, "Touchstone");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter json, JsonElement record, int uid)
    {
        // The account of an account change is the client or the subject that was changed; elsewhere the user is whom the token speaks for.
        if ((uid == 3001 ? Text(record, "client") ?? Text(record, "subject") : Text(record, "subject") ?? Text(record, "client")) is { } user)
        {
            json.WriteStartObject("user"u8);
            json.WriteString("uid"u8, user);
            json.WriteEndObject();
        }
        if (Text(record, "session") is not { } session) return;
        json.WriteStartObject("session"u8);
        json.WriteString("uid"u8, session);
        json.WriteEndObject();
    }

    private static void WriteEndpoint(Utf8JsonWriter json, JsonElement record, int uid, string kind)
    {
        if (Text(record, "address") is { } address)
        {
            json.WriteStartObject("src_endpoint"u8);
            json.WriteString("ip"u8, address);
            json.WriteEndObject();
        }
        if (Text(record, "user_agent") is { } agent)
        {
            json.WriteStartObject("http_request"u8);
            json.WriteString("user_agent"u8, agent);
            json.WriteEndObject();
        }
        if (uid != 6003) return;
        json.WriteStartObject("api"u8);
        json.WriteString("operation"u8, kind == AuditKind.Introspected ? "introspect" : Text(record, "endpoint") ?? kind);
        json.WriteEndObject();
    }

    private static void WriteUnmapped(Utf8JsonWriter json, JsonElement record, string kind)
    {
        json.WriteStartObject("unmapped"u8);
        json.WriteString("kind"u8, kind);
        json.WriteString("outcome"u8, Text(record, "outcome"));
        foreach (var member in record.EnumerateObject().Where(member => !Mapped.Contains(member.Name))) member.WriteTo(json);
        json.WriteEndObject();
    }

    private static string? Text(JsonElement record, string name) => record.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Touchstone.Server.Audit.Syslog;

/// <summary>A record as a message of RFC 5424, with its length before it (RFC 6587 §3.4.1). The text is the record itself, so that what the collector holds can be verified too.</summary>
internal static class SyslogMessage
{
    // Facility 13, log audit.
    private const int Facility = 13 * 8;
    private const int Warning = 4;
    private const int Informational = 6;

    private static readonly string Sender = $"{Printable(Environment.MachineName)} touchstone {Environment.ProcessId}";

    internal static byte[] Frame(ReadOnlySpan<byte> record)
    {
        var (at, kind, outcome) = Read(record);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(at);
        var priority = Facility + (outcome is "failure" or "inactive" ? Warning : Informational);
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"<{priority}>1 {time:yyyy-MM-ddTHH:mm:ss.fffZ} {Sender} {kind} - "));
        var length = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{head.Length + record.Length} "));
        return [.. length, .. head, .. record];
    }

    private static (long At, string Kind, string Outcome) Read(ReadOnlySpan<byte> record)
    {
        var (at, kind, outcome) = (0L, "-", "");
        var reader = new Utf8JsonReader(record);
        while (reader.Read())
        {
            if (reader.TokenType is not JsonTokenType.PropertyName || reader.CurrentDepth != 1) continue;
            if (reader.ValueTextEquals("at"u8) && reader.Read()) at = reader.GetInt64();
            else if (reader.ValueTextEquals("kind"u8) && reader.Read()) kind = reader.GetString()!;
            else if (reader.ValueTextEquals("outcome"u8) && reader.Read())
            {
                outcome = reader.GetString()!;
                break; // It stands behind the others.
            }
        }
        return (at, kind, outcome);
    }

    private static string Printable(string name) => name.Length == 0 ? "-" : string.Concat(name.Select(c => c is > ' ' and <= '~' ? c : '-'));
}

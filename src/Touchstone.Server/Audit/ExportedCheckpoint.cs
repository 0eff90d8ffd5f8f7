using System.Text;
using System.Text.Json;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Audit;

/// <summary>The newest checkpoints of a node and its public key in one small file, to be kept where whoever could cut the audit can't reach.</summary>
public sealed class ExportedCheckpoint
{
    private ExportedCheckpoint(AuditPublicKey key, IReadOnlyList<(byte[], AuditLine)> lines)
    {
        Key = key;
        Lines = lines;
    }

    internal AuditPublicKey Key { get; }

    internal IReadOnlyList<(byte[] Bytes, AuditLine Parsed)> Lines { get; }

    /// <summary>Reads the newest checkpoints of a data folder, as one line of JSON.</summary>
    /// <exception cref="StartupException">There is none.</exception>
    public static string Export(string data, string? postgres = null)
    {
        using var store = AuditStore.Open(data, postgres);
        if (AuditKey.ReadPublic(data) is not [.., var key]) throw new StartupException($"There is no audit.pub in {data}: the audit was never signed.");
        var node = key.Fingerprint[..16];
        var newest = store.Segments().LastOrDefault(segment => segment.Chain == AuditChain.Name(node, AuditChain.Introspections));
        byte[]?[] lines = [store.NewestCheckpoint(AuditChain.Name(node, AuditChain.Changes)), newest is null ? null : NewestIn(newest.Path)];
        if (lines[0] is null) throw new StartupException($"There is no checkpoint in {data} yet.");

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("fingerprint"u8, key.Fingerprint);
            json.WriteString("public_key"u8, key.Key.ExportSubjectPublicKeyInfoPem());
            json.WriteStartArray("checkpoints"u8);
            foreach (var line in lines.OfType<byte[]>()) json.WriteStringValue(line);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    internal static ExportedCheckpoint Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var key = AuditKey.ParsePublic(document.RootElement.GetProperty("public_key").GetString()!)[0];
            var lines = document.RootElement.GetProperty("checkpoints").EnumerateArray().Select(line => Encoding.UTF8.GetBytes(line.GetString()!)).ToList();
            return new ExportedCheckpoint(key, [.. lines.Select(line => (line, AuditLine.TryParse(line) ?? throw new FormatException("a checkpoint in it can't be read")))]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new StartupException($"{path} can't be read as an exported checkpoint: {error.Message}");
        }
    }

    private static byte[]? NewestIn(string path) => AuditStore.Lines(path).Where(line => line.End >= 0 && AuditLine.TryParse(line.Line)?.Kind == AuditKind.Checkpoint).Select(line => line.Line).LastOrDefault();
}

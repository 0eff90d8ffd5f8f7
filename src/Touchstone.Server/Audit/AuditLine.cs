using System.Buffers.Text;
using System.Text.Json;

namespace Touchstone.Server.Audit;

/// <summary>What of a record its chain depends on, read from the bytes of its line.</summary>
internal sealed record AuditLine(string Chain, long N, AuditHash Previous, string Kind, long At)
{
    /// <summary>What a checkpoint vouches for; null for other records.</summary>
    internal AuditSignature? Signature { get; private init; }

    /// <summary>For a retention record of this node's own chains, up to where changes and introspections left.</summary>
    internal (long Changes, long Introspections)? Retained { get; private init; }

    /// <summary>For a retention record of a chain whose node is gone, up to where it left.</summary>
    internal (string Chain, long Through)? RetainedOf { get; private init; }

    internal static AuditLine? TryParse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var json = document.RootElement;
            if (!AuditHash.TryParse(json.GetProperty("prev").GetString(), out var previous)) return null;
            var kind = json.GetProperty("kind").GetString()!;
            return new AuditLine(json.GetProperty("chain").GetString()!, json.GetProperty("n").GetInt64(), previous, kind, json.GetProperty("at").GetInt64())
            {
                Signature = kind == AuditKind.Checkpoint ? ReadSignature(line, json) : null,
                Retained = kind == AuditKind.Retention && !json.TryGetProperty("of", out _) ? (json.GetProperty("changes_through").GetInt64(), json.GetProperty("introspections_through").GetInt64()) : null,
                RetainedOf = kind == AuditKind.Retention && json.TryGetProperty("of", out var of) ? (of.GetString()!, json.GetProperty("through").GetInt64()) : null,
            };
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static AuditSignature? ReadSignature(ReadOnlyMemory<byte> line, JsonElement json)
    {
        var end = line.Span.LastIndexOf(AuditChain.SignatureMember);
        if (end < 0) return null;
        var heads = new List<AuditAnchor>();
        foreach (var head in json.GetProperty("heads").EnumerateArray())
        {
            if (!AuditHash.TryParse(head.GetProperty("hash").GetString(), out var hash)) return null;
            heads.Add(new AuditAnchor(head.GetProperty("chain").GetString()!, head.GetProperty("n").GetInt64(), hash));
        }
        return new AuditSignature(line[..end], Base64Url.DecodeFromChars(json.GetProperty("signature").GetString()!), json.GetProperty("key").GetString()!, json.GetProperty("every").GetInt32(), heads);
    }
}

/// <summary>The signed bytes of a checkpoint and what they say.</summary>
internal sealed record AuditSignature(ReadOnlyMemory<byte> Signed, byte[] Value, string Key, int Every, IReadOnlyList<AuditAnchor> Heads);

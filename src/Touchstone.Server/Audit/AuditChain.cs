using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Touchstone.Server.Audit;

/// <summary>
/// How records are chained. A record is one line of JSON that begins with the name of the chain, its number and the SHA-256 of the line before (zeros for the first).
/// A checkpoint is a record whose last member is a signature over all the bytes of the line before that member. docs/audit.md has it for others to verify.
/// </summary>
internal static class AuditChain
{
    internal const string Changes = "changes";
    internal const string Introspections = "introspections";

    internal static ReadOnlySpan<byte> SignatureMember => ",\"signature\":\""u8;

    /// <summary>The name of a node's chain.</summary>
    internal static string Name(string node, string stream) => $"{node}.{stream}";

    /// <summary>The node that a chain is of.</summary>
    internal static string NodeOf(string chain) => chain.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0 ? chain[..dot] : chain;

    /// <summary>Writes the next record, without a line end, and gives the head that it makes.</summary>
    internal static AuditHead Append(ArrayBufferWriter<byte> output, string chain, in AuditHead head, ReadOnlySpan<byte> body)
    {
        var start = output.WrittenCount;
        Begin(output, chain, head);
        output.Write(body[1..]); // Without its opening brace.
        return new AuditHead(head.N + 1, AuditHash.Of(output.WrittenSpan[start..]), head.Unsigned + 1);
    }

    /// <summary>Writes a checkpoint: it vouches for every record before it in this chain, and for what the others' heads were.</summary>
    internal static AuditHead Sign(ArrayBufferWriter<byte> output, string chain, in AuditHead head, long at, int every, IEnumerable<AuditAnchor> others, AuditKey key)
    {
        var start = output.WrittenCount;
        Begin(output, chain, head);
        var anchors = string.Join(',', others.Select(other => $$"""{"chain":"{{other.Chain}}","n":{{other.N}},"hash":"{{other.Hash}}"}"""));
        Write(output, $"\"at\":{at},\"kind\":\"{AuditKind.Checkpoint}\",\"outcome\":\"success\",\"every\":{every},\"heads\":[{anchors}],\"key\":\"{key.Fingerprint}\"");
        var signature = key.Sign(output.WrittenSpan[start..]);
        output.Write(SignatureMember);
        Write(output, Base64Url.EncodeToString(signature));
        output.Write("\"}"u8);
        return new AuditHead(head.N + 1, AuditHash.Of(output.WrittenSpan[start..]), 0);
    }

    private static void Begin(ArrayBufferWriter<byte> output, string chain, in AuditHead head)
    {
        var span = output.GetSpan(chain.Length + 128);
        "{\"chain\":\""u8.CopyTo(span);
        var length = 10 + Encoding.ASCII.GetBytes(chain, span[10..]);
        "\",\"n\":"u8.CopyTo(span[length..]);
        length += 6;
        Utf8Formatter.TryFormat(head.N + 1, span[length..], out var digits);
        length += digits;
        ",\"prev\":\""u8.CopyTo(span[length..]);
        length += 9;
        var previous = head.Hash;
        Convert.TryToHexStringLower(previous, span[length..], out var hex);
        length += hex;
        "\","u8.CopyTo(span[length..]);
        output.Advance(length + 2);
    }

    private static void Write(ArrayBufferWriter<byte> output, string ascii)
    {
        var span = output.GetSpan(ascii.Length);
        output.Advance(Encoding.ASCII.GetBytes(ascii, span));
    }
}

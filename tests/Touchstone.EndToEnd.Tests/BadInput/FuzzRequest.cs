using System.Globalization;
using System.Text;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>The answers below 400 that a request may get. An answer of the table of errors is always right.</summary>
internal enum Good
{
    /// <summary>None: whatever it is, it is wrong.</summary>
    None,

    /// <summary>Exactly <c>{"active":false}</c>.</summary>
    Inactive,

    /// <summary>The same, for each token of a batch.</summary>
    AllInactive,

    /// <summary>An introspection answer about a token that is active.</summary>
    Active,

    /// <summary>200 and nothing: a revocation.</summary>
    Empty,

    /// <summary>A token.</summary>
    Grant,

    /// <summary>JSON of the admin API.</summary>
    Json,

    /// <summary>Anything of the above: what was changed may have become another request.</summary>
    Any,
}

/// <summary>A request as bytes, and what may come of it.</summary>
internal sealed record FuzzRequest(string Kind, byte[] Bytes, Good Good, AfterSending After = AfterSending.Read, bool IsHead = false)
{
    /// <summary>Readable, and exact: what is not printable stands as <c>\xNN</c>, so it can be sent again.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var b in Bytes.AsSpan(0, Math.Min(Bytes.Length, 6000)))
        {
            if (b == '\n') text.Append("\\n\n");
            else if (b is >= 0x20 and < 0x7f and not (byte)'\\') text.Append((char)b);
            else if (b == '\r') text.Append("\\r");
            else text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }
        if (Bytes.Length > 6000) text.Append(CultureInfo.InvariantCulture, $"… {Bytes.Length} bytes");
        return $"{Kind}, {Good}, {After}:\n{text}";
    }
}

/// <summary>Puts a request together from parts that may be anything.</summary>
internal sealed class RequestText
{
    internal string Method { get; set; } = "POST";

    internal string Target { get; set; } = "/oauth/introspect";

    internal string Version { get; set; } = "HTTP/1.1";

    internal string? Host { get; set; } = "127.0.0.1";

    internal string? ContentType { get; set; } = "application/x-www-form-urlencoded";

    internal string? Authorization { get; set; }

    /// <summary>Further header lines, each in Latin-1, without their end.</summary>
    internal List<string> Headers { get; } = [];

    internal byte[] Body { get; set; } = [];

    /// <summary>The value of Content-Length; by default the truth, null for none.</summary>
    internal string? ContentLength { get; set; } = "";

    internal static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    internal byte[] ToBytes()
    {
        var head = new StringBuilder($"{Method} {Target} {Version}\r\n");
        if (Host is not null) head.Append("Host: ").Append(Host).Append("\r\n");
        if (ContentType is not null) head.Append("Content-Type: ").Append(ContentType).Append("\r\n");
        if (Authorization is not null) head.Append("Authorization: ").Append(Authorization).Append("\r\n");
        foreach (var line in Headers) head.Append(line).Append("\r\n");
        if (ContentLength is not null) head.Append("Content-Length: ").Append(ContentLength.Length == 0 ? Body.Length.ToString(CultureInfo.InvariantCulture) : ContentLength).Append("\r\n");
        return [.. Bytes(head.Append("\r\n").ToString()), .. Body];
    }
}

using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Touchstone.Sidecar.Rules;

/// <summary>
/// The path of a request in the one form that rules are compared with: its segments, decoded. What two readers could take for different paths (dot segments, empty segments, encoded slashes, parameters, what is encoded twice,
/// what is no UTF-8) has no such form and is refused, whatever the rules say (L40): the service behind the proxy may read it otherwise than this does.
/// </summary>
internal sealed class RequestPath
{
    /// <summary>The most characters of a request target, its query included.</summary>
    internal const int MaxLength = 8 << 10;

    // RFC 3986 §3.3 without the semicolon: what may stand in a segment as it is.
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@");

    // What looks like, or decomposes to, a slash, a backslash, a dot, a semicolon or a percent sign.
    private static readonly SearchValues<char> Deceptive = SearchValues.Create("\u2215\u2044\u29f8\uff0f\u2216\uff3c\ufe68\uff0e\u2024\u2025\u2026\ufe19\ufe30\ufe52\uff1b\u037e\uff05\u2100\u2101\u2105\u2106");

    // What the framework's strict decoder makes of bytes that are no UTF-8 is an exception, and that is expected here.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // What is not seen, and left out where a text is compared (Default_Ignorable_Code_Point), beside the format characters.
    private static readonly SearchValues<char> Ignorable = SearchValues.Create("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u3164\ufe00\ufe01\ufe02\ufe03\ufe04\ufe05\ufe06\ufe07\ufe08\ufe09\ufe0a\ufe0b\ufe0c\ufe0d\ufe0e\ufe0f\uffa0\ufff0\ufff1\ufff2\ufff3\ufff4\ufff5\ufff6\ufff7\ufff8");

    private RequestPath(string[] segments, bool isAscii) => (Segments, IsAscii) = (segments, isAscii);

    /// <summary>At least one; the last is empty where the path ends with a slash.</summary>
    internal IReadOnlyList<string> Segments { get; }

    /// <summary>Whether no other characters stand in it.</summary>
    internal bool IsAscii { get; }

    /// <summary>Reads a request target as the client sent it: a path, and perhaps a query, which no rule looks at.</summary>
    /// <param name="target">In origin form (RFC 9112 §3.2.1).</param>
    /// <param name="path">Its path.</param>
    /// <param name="fault">Why it is ambiguous, in words for an operator.</param>
    internal static bool TryParse(string target, [NotNullWhen(true)] out RequestPath? path, out string fault)
    {
        path = null;
        if (target.Length > MaxLength) return Refuse($"it is longer than {MaxLength} characters", out fault);
        if (!target.StartsWith('/')) return Refuse("it does not begin with a slash", out fault);
        var end = target.AsSpan().IndexOfAny('?', '#');
        if (end >= 0 && target[end] == '#') return Refuse("it has a fragment", out fault);
        var raw = end < 0 ? target.AsSpan() : target.AsSpan(0, end);
        var segments = new List<string>();
        foreach (var range in raw[1..].Split('/'))
        {
            var segment = raw[1..][range];
            if (segment.IsEmpty && range.End.Value < raw.Length - 1) return Refuse("it has an empty segment", out fault);
            if (!TryDecode(segment, out var decoded, out fault)) return false;
            segments.Add(decoded);
        }
        fault = "";
        // What is not, is encoded.
        path = new RequestPath([.. segments], !raw.Contains('%') || segments.TrueForAll(static segment => Ascii.IsValid(segment)));
        return true;
    }

    public override string ToString() => "/" + string.Join('/', Segments);

    private static bool TryDecode(ReadOnlySpan<char> segment, [NotNullWhen(true)] out string? decoded, out string fault)
    {
        decoded = null;
        if (!segment.ContainsAnyExcept(Plain)) return IsPlain(decoded = segment.ToString(), out fault);
        var bytes = new byte[segment.Length];
        var count = 0;
        for (var i = 0; i < segment.Length; i++)
        {
            var c = segment[i];
            if (c == ';') return Refuse("it has a parameter (;)", out fault);
            if (c == '\\') return Refuse("it has a backslash", out fault);
            if (c == '%')
            {
                if (i + 2 >= segment.Length || !byte.TryParse(segment.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)) return Refuse("a percent sign is not followed by two digits", out fault);
                if (value is (byte)'/' or (byte)'\\' or (byte)';' or (byte)'?' or (byte)'#') return Refuse($"it has an encoded {(char)value}", out fault);
                if (value is < 0x20 or 0x7f) return Refuse("it has an encoded control character", out fault);
                // Whoever decodes once more reads another path.
                if (value is (byte)'%') return Refuse("it has an encoded percent sign", out fault);
                bytes[count++] = value;
                i += 2;
            }
            else if (Plain.Contains(c)) bytes[count++] = (byte)c;
            else return Refuse("it has a character that must be encoded", out fault);
        }
        try
        {
            decoded = Strict.GetString(bytes, 0, count);
        }
        catch (ArgumentException)
        {
            return Refuse("it is no UTF-8", out fault);
        }
        // C1 controls, and characters that some systems take for a slash, a dot or nothing at all.
        if (decoded.EnumerateRunes().Any(IsDeceptive))
            return Refuse("it has a character that can be taken for another one", out fault);
        return IsPlain(decoded, out fault);
    }

    private static bool IsDeceptive(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || (rune.IsBmp ? Deceptive.Contains((char)rune.Value) || Ignorable.Contains((char)rune.Value) : rune.Value is >= 0xe0000 and <= 0xe0fff);

    // On Windows a dot or a blank at the end is no part of a name.
    private static bool IsPlain(string segment, out string fault) => segment is "." or ".." ? Refuse("it has a dot segment", out fault) : segment.EndsWith('.') || segment.EndsWith(' ') ? Refuse("a segment ends with a dot or a blank", out fault) : Accept(out fault);

    private static bool Accept(out string fault)
    {
        fault = "";
        return true;
    }

    private static bool Refuse(string reason, out string fault)
    {
        fault = reason;
        return false;
    }
}

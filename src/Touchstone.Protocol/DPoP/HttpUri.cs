using System.Buffers;
using System.Globalization;
using System.Text;

namespace Touchstone.Protocol.DPoP;

/// <summary>
/// Compares the URIs of requests (RFC 9449 §4.3): without query and fragment, normalised by syntax and by scheme (RFC 3986 §6.2.2, §6.2.3). Text that is no <c>http</c> or <c>https</c> URI equals nothing.
/// </summary>
public static class HttpUri
{
    private static readonly SearchValues<char> Unreserved = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    // Characters of a path besides %: pchar and the slash (RFC 3986 §3.3).
    private static readonly SearchValues<char> OfPath = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/");

    private static readonly SearchValues<char> OfHost = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=[]:");

    /// <summary>Whether two URIs name the same thing.</summary>
    public static bool AreSame(string one, string other) => Normalise(one) is { } normal && normal == Normalise(other);

    /// <summary>The URI in its one form; null where it is none.</summary>
    internal static string? Normalise(string uri)
    {
        var text = uri.AsSpan();
        var end = text.IndexOfAny('?', '#');
        if (end >= 0) text = text[..end];
        string scheme;
        if (text.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) scheme = "https";
        else if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) scheme = "http";
        else return null;

        var rest = text[(scheme.Length + 3)..];
        var slash = rest.IndexOf('/');
        if (Authority(slash < 0 ? rest : rest[..slash], scheme == "https" ? 443 : 80) is not { } authority) return null;
        return Path(slash < 0 ? "/" : rest[slash..]) is { } path ? $"{scheme}://{authority}{path}" : null;
    }

    // A name or an address without regard to case, and a port where it is not the scheme's own. Nobody else's name: no user before an @.
    private static string? Authority(ReadOnlySpan<char> text, int defaultPort)
    {
        if (text.ContainsAnyExcept(OfHost)) return null;
        var colon = text.LastIndexOf(':');
        var port = "";
        if (colon > text.LastIndexOf(']'))
        {
            var digits = text[(colon + 1)..];
            if (digits.Length > 0 && !(int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65535)) return null;
            if (digits.Length > 0 && int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) is var given && given != defaultPort) port = ":" + given.ToString(CultureInfo.InvariantCulture);
            text = text[..colon];
        }
        var isAddress = text.Length > 2 && text[0] == '[' && text[^1] == ']';
        if (text.IsEmpty || (isAddress ? text[1..^1].ContainsAny('[', ']') : text.ContainsAny('[', ']', ':'))) return null;
        return text.ToString().ToLowerInvariant() + port;
    }

    // An escape that was not needed is taken away, another written in capitals; then . and .. are gone.
    private static string? Path(ReadOnlySpan<char> text)
    {
        var path = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                if (!OfPath.Contains(text[i])) return null;
                path.Append(text[i]);
                continue;
            }
            if (i + 2 >= text.Length || !byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)) return null;
            if (Unreserved.Contains((char)octet)) path.Append((char)octet);
            else path.Append('%').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
            i += 2;
        }
        return WithoutDots(path.ToString());
    }

    // RFC 3986 §5.2.4.
    private static string WithoutDots(string path)
    {
        if (!path.Contains("/.", StringComparison.Ordinal)) return path;
        var kept = new List<string>();
        var parts = path[1..].Split('/');
        foreach (var part in parts)
        {
            if (part == ".." && kept.Count > 0) kept.RemoveAt(kept.Count - 1);
            else if (part is not ("." or "..")) kept.Add(part);
        }
        if (parts[^1] is "." or "..") kept.Add("");
        return "/" + string.Join('/', kept);
    }
}

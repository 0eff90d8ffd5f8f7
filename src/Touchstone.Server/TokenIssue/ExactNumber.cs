using System.Globalization;

namespace Touchstone.Server.TokenIssue;

/// <summary>Numbers that mean the same to every reader of JSON: those that a double holds as they are written (RFC 8259 §6, RFC 7493 §2.2). Of an amount with more digits one reader would see another amount than the next.</summary>
internal static class ExactNumber
{
    private const double Most = 9007199254740991; // 2^53 - 1

    /// <summary>Whether the text of a JSON number is such a one: 0.1 and 1.50 are, 0.10000000000000000001 is not.</summary>
    internal static bool Is(string text)
    {
        var value = double.Parse(text, CultureInfo.InvariantCulture);
        return Math.Abs(value) <= Most && Read(text) is { } written && Read(value.ToString("R", CultureInfo.InvariantCulture)) == written;
    }

    // The digits that count, and what power of ten the last of them is; null where nobody can tell.
    private static (string Digits, long Power)? Read(string text)
    {
        var end = text.AsSpan().IndexOfAny('e', 'E');
        var (mantissa, power) = (end < 0 ? text : text[..end], 0L);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var fraction = point < 0 ? 0 : mantissa.Length - point - 1;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('-').TrimStart('0');
        var shorter = digits.TrimEnd('0');
        if (shorter.Length == 0) return ("", 0);
        if (end >= 0 && !(long.TryParse(text.AsSpan(end + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out power) && Math.Abs(power) < 1000)) return null;
        return (shorter, power - fraction + digits.Length - shorter.Length);
    }
}

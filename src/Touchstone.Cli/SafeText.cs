using System.Globalization;
using System.Text;

namespace Touchstone.Cli;

/// <summary>
/// Text from outside may hold escape sequences that move a terminal's cursor or marks that reverse its lines, and so forge what an operator reads.
/// </summary>
internal static class SafeText
{
    internal static string Of(string text)
    {
        foreach (var rune in text.EnumerateRunes())
            if (IsUnsafe(rune)) return Escape(text);
        return text;
    }

    private static string Escape(string text)
    {
        var safe = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (!IsUnsafe(rune)) safe.Append(rune.ToString());
            else if (rune.IsBmp) safe.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else safe.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
        }

        return safe.ToString();
    }

    private static bool IsUnsafe(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}

using System.Buffers;
using System.Globalization;
using System.Text;

namespace Touchstone.Sidecar.Decisions;

/// <summary>What somebody else chose, as a line of the log may have it: it neither passes as another part of the line nor says anything to a terminal. Whatever else it has stands as <c>\u001B</c>.</summary>
internal static class LogText
{
    // What hosts, methods, names of a cluster and identifiers are made of. Neither a blank nor what separates the parts of a line.
    private static readonly SearchValues<char> OfNames = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/[]@+=");

    /// <summary>A name, cut to so many characters before any is escaped.</summary>
    internal static string? OfName(string? name, int longest = int.MaxValue)
    {
        if (name is null) return null;
        var text = name.Length > longest ? name[..longest] : name;
        return text.AsSpan().ContainsAnyExcept(OfNames) ? Escape(text, OfNames.Contains) : text;
    }

    /// <summary>A sentence for people, which ends the line.</summary>
    internal static string? OfPeople(string? sentence) => sentence is null || sentence.All(IsPlain) ? sentence : Escape(sentence, IsPlain);

    private static bool IsPlain(char c) => (c is >= ' ' and <= '~' and not '\\') || char.IsLetterOrDigit(c);

    private static string Escape(string text, Func<char, bool> isPlain)
    {
        var escaped = new StringBuilder(text.Length * 2);
        foreach (var c in text)
        {
            if (isPlain(c)) escaped.Append(c);
            else escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }
        return escaped.ToString();
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Touchstone.Sidecar.Rules;

/// <summary>
/// A path with places: <c>/orders/{id}/lines</c>. A place is one segment that is not empty; <c>/**</c> at the end stands for whatever follows, also nothing. Everything else is compared letter by letter, after decoding;
/// a slash at the end counts.
/// </summary>
internal sealed class PathTemplate
{
    private readonly string?[] _segments; // Null for a place.
    private readonly bool _isOpen, _isAscii;

    private PathTemplate(string text, string?[] segments, bool isOpen) =>
        (Text, _segments, _isOpen, _isAscii) = (text, segments, isOpen, segments.All(static segment => segment is null || Ascii.IsValid(segment)));

    /// <summary>That of every path.</summary>
    internal static PathTemplate All { get; } = new("/**", [], isOpen: true);

    internal string Text { get; }

    internal static bool TryParse(string text, [NotNullWhen(true)] out PathTemplate? template, out string fault)
    {
        template = null;
        var isOpen = text == "/**" || text.EndsWith("/**", StringComparison.Ordinal);
        var fixedPart = isOpen ? text[..^3] : text;
        var segments = new List<string?>();
        if (fixedPart.Length > 0 || !isOpen)
        {
            if (!RequestPath.TryParse(WithoutPlaces(fixedPart), out var path, out fault) || fixedPart.Contains('?', StringComparison.Ordinal))
            {
                if (fault.Length == 0) fault = "no rule looks at a query";
                fault = $"'{text}' is no path: {fault}.";
                return false;
            }
            var parts = fixedPart[1..].Split('/');
            for (var i = 0; i < parts.Length; i++)
            {
                var isPlace = parts[i] is ['{', .. var name, '}'] && name.Length > 0 && name.All(char.IsAsciiLetterOrDigit);
                if (!isPlace && parts[i].AsSpan().IndexOfAny('{', '}', '*') >= 0)
                {
                    fault = $"'{text}': a place is a whole segment, {{name}} of letters and digits; ** stands alone at the end.";
                    return false;
                }
                segments.Add(isPlace ? null : path.Segments[i]);
            }
        }
        fault = "";
        template = new PathTemplate(text, [.. segments], isOpen);
        return true;
    }

    /// <summary>Whether a path has this form.</summary>
    /// <param name="path">The path.</param>
    /// <param name="isLoose">Whether neither the case of letters, nor the form in which Unicode writes them, nor a slash at the end counts.</param>
    internal bool Matches(RequestPath path, bool isLoose = false)
    {
        var (own, its) = (_segments.Length, path.Segments.Count);
        if (isLoose)
        {
            // One empty segment at the end is a slash at the end.
            if (own > 1 && _segments[own - 1] is "") own--;
            if (its > 1 && path.Segments[its - 1].Length == 0) its--;
        }
        if (_isOpen ? its < own : its != own) return false;
        var areAscii = _isAscii && path.IsAscii;
        for (var i = 0; i < own; i++)
        {
            if (_segments[i] is { } literal ? !(isLoose ? LooseText.IsSame(path.Segments[i], literal, areAscii) : path.Segments[i] == literal) : path.Segments[i].Length == 0) return false;
        }
        return true;
    }

    /// <summary>Whether every path that has that form has this one too.</summary>
    internal bool Covers(PathTemplate other)
    {
        if (_isOpen ? other._segments.Length < _segments.Length : other._isOpen || other._segments.Length != _segments.Length) return false;
        for (var i = 0; i < _segments.Length; i++)
        {
            // A place takes any segment but an empty one.
            if (_segments[i] is { } literal ? other._segments[i] != literal : other._segments[i] is "") return false;
        }
        return true;
    }

    // Braces and stars are no letters of a path: looked at as if they were.
    private static string WithoutPlaces(string text) => text.Replace('{', '-').Replace('}', '-').Replace('*', '-');
}

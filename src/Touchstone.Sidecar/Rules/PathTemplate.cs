using System.Diagnostics.CodeAnalysis;

namespace Touchstone.Sidecar.Rules;

/// <summary>
/// A path with places: <c>/orders/{id}/lines</c>. A place is one segment that is not empty; <c>/**</c> at the end stands for whatever follows, also nothing. Everything else is compared letter by letter, after decoding;
/// a slash at the end counts.
/// </summary>
internal sealed class PathTemplate
{
    private readonly string?[] _segments; // Null for a place.
    private readonly bool _isOpen;

    private PathTemplate(string text, string?[] segments, bool isOpen) => (Text, _segments, _isOpen) = (text, segments, isOpen);

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

    internal bool Matches(RequestPath path)
    {
        if (_isOpen ? path.Segments.Count < _segments.Length : path.Segments.Count != _segments.Length) return false;
        for (var i = 0; i < _segments.Length; i++)
        {
            if (_segments[i] is { } literal ? path.Segments[i] != literal : path.Segments[i].Length == 0) return false;
        }
        return true;
    }

    // Braces and stars are no letters of a path: looked at as if they were.
    private static string WithoutPlaces(string text) => text.Replace('{', '-').Replace('}', '-').Replace('*', '-');
}

using System.Text.RegularExpressions;

namespace Touchstone.Server.Tests.OpenApi;

/// <summary>docs/api.md, section by section.</summary>
internal static partial class ApiPage
{
    private static readonly string Text = File.ReadAllText(SourceTree.PathOf("docs", "api.md"));

    /// <summary>The section of a route, without its heading.</summary>
    internal static string Section(string route)
    {
        var heading = $"\n### `{route}`\n";
        var from = Text.IndexOf(heading, StringComparison.Ordinal);
        if (from < 0) throw new InvalidOperationException($"docs/api.md has no section on {route}");
        var rest = Text[(from + heading.Length)..];
        return Heading.Match(rest) is { Success: true } next ? rest[..next.Index] : rest;
    }

    /// <summary>Its first paragraph.</summary>
    internal static string Summary(string route) => Plain(Section(route).Trim().Split("\n\n")[0]);

    /// <summary>The errors that it names by their status.</summary>
    internal static IEnumerable<int> Errors(string route) => Status.Matches(Example.Replace(Section(route), "")).Select(match => int.Parse(match.Value, null)).Distinct();

    /// <summary>The members of its tables, each with what is said of it.</summary>
    internal static IEnumerable<(string Name, string Says)> Members(string route)
    {
        foreach (var row in Section(route).Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
        {
            var cells = row.Trim('|', ' ').Split(" | ");
            var says = Plain(string.Join("; ", cells.Skip(1).Select(cell => cell.Trim(' ', '|')).Where(cell => cell.Length > 0)));
            foreach (Match name in Code.Matches(cells[0])) yield return (name.Groups[1].Value, says);
        }
    }

    /// <summary>The messages of its examples: requests and answers.</summary>
    internal static IEnumerable<string> Examples(string route) => Example.Matches(Section(route)).Select(match => match.Groups[1].Value);

    private static string Plain(string text) => Link.Replace(text.Replace('\n', ' '), "$1").Replace("**", "", StringComparison.Ordinal);

    [GeneratedRegex("^###? ", RegexOptions.Multiline)]
    private static partial Regex Heading { get; }

    [GeneratedRegex(@"(?<![\d.,])(40[0-9]|41[0-9]|429|50[03])(?!\d|[.,]\d)")]
    private static partial Regex Status { get; }

    [GeneratedRegex("```http\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example { get; }

    [GeneratedRegex("`([a-z0-9_]+)`")]
    private static partial Regex Code { get; }

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link { get; }
}

using System.Text.RegularExpressions;

namespace Touchstone.Server.Tests.Conformance;

/// <summary>The tests of all projects whose names begin with rules, found in the sources: no assembly of tests sees the others.</summary>
internal static partial class NamedTests
{
    /// <summary>A class of tests (path below the root, with forward slashes) and a rule that the name of one of its tests begins with.</summary>
    internal static IReadOnlyList<(string Rule, string File, string Test)> All { get; } = [.. Files().SelectMany(OfFile)];

    private static IEnumerable<string> Files() =>
        Directory.EnumerateFiles(SourceTree.PathOf("tests"), "*.cs", SearchOption.AllDirectories).Where(file => !Output.IsMatch(file)).Order(StringComparer.Ordinal);

    private static IEnumerable<(string, string, string)> OfFile(string file)
    {
        var path = Path.GetRelativePath(SourceTree.PathOf(), file).Replace('\\', '/');
        var isTest = false;
        foreach (var line in File.ReadLines(file))
        {
            if (Attribute.IsMatch(line)) isTest = true;
            if (Method.Match(line) is not { Success: true } method) continue;
            if (isTest)
            {
                foreach (var rule in method.Groups["name"].Value.Split('_').TakeWhile(part => Rule.IsMatch(part))) yield return (rule, path, method.Groups["name"].Value);
            }
            isTest = false;
        }
    }

    [GeneratedRegex(@"[/\\](bin|obj)[/\\]")]
    private static partial Regex Output { get; }

    [GeneratedRegex(@"^\s*\[(Fact|Theory)\b")]
    private static partial Regex Attribute { get; }

    [GeneratedRegex(@"\b(?:Task|void|ValueTask)\s+(?<name>\w+)\(")]
    private static partial Regex Method { get; }

    [GeneratedRegex("^[A-Z]{1,2}[0-9]{2,3}$")]
    private static partial Regex Rule { get; }
}

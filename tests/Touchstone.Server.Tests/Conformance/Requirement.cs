namespace Touchstone.Server.Tests.Conformance;

/// <summary>One line of tests/requirements.tsv.</summary>
internal sealed record Requirement(string Id, string Level, string Text, string Reference, string Issue)
{
    // The issues that are built so far: their rules have a test or a note.
    private static readonly string[] Built = ["2", "3", "5", "6", "7"];

    /// <summary>The ID as it stands in names of tests.</summary>
    internal string Name => Id.Replace("-", "", StringComparison.Ordinal);

    internal bool IsBuilt => Built.Contains(Issue);

    internal static IReadOnlyList<Requirement> All { get; } =
        [.. Rows("requirements.tsv").Select(cells => new Requirement(cells[0], cells[1], cells[2], cells[3], cells[4]))];

    /// <summary>Rules without a test, and why: tests/conformance-notes.tsv.</summary>
    internal static IReadOnlyDictionary<string, string> Notes { get; } = Rows("conformance-notes.tsv").ToDictionary(cells => cells[0], cells => cells[1]);

    private static IEnumerable<string[]> Rows(string file) => File.ReadLines(SourceTree.PathOf("tests", file)).Skip(1).Where(line => line.Length > 0).Select(line => line.Split('\t'));
}

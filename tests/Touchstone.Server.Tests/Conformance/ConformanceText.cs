using System.Globalization;
using System.Text;

namespace Touchstone.Server.Tests.Conformance;

/// <summary>docs/conformance.md: for each rule its tests, or why there is none, or the issue that will build it.</summary>
internal static class ConformanceText
{
    internal static string Write()
    {
        var tests = NamedTests.All.ToLookup(test => test.Rule, test => test.File);
        var built = Requirement.All.Where(rule => rule.IsBuilt).ToArray();
        var tested = built.Count(rule => tests.Contains(rule.Name));
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"""
             # Conformance

             Generated from `tests/requirements.tsv`, the names of the tests and `tests/conformance-notes.tsv`; a test fails when it is stale. To write it anew: `TOUCHSTONE_UPDATE_SNAPSHOTS=1 ./test ConformanceTests`.

             A test is named after the rules that it proves, so `./test I12_` runs those of I-12. Of the {built.Length} rules that concern what is built so far, {tested} have tests; {built.Length - tested} have a line here that says why not.
             {Requirement.All.Count - built.Length} rules belong to what is built later; where one of them has tests already, they stand here too.


             """);
        foreach (var chapter in Requirement.All.GroupBy(rule => rule.Id.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').TrimEnd('-')))
        {
            text.Append(CultureInfo.InvariantCulture, $"## {chapter.Key}\n\n| Rule | Level | What it asks | Where | Tests |\n|---|---|---|---|---|\n");
            foreach (var rule in chapter) text.Append(CultureInfo.InvariantCulture, $"| {rule.Id} | {rule.Level} | {rule.Text} | {rule.Reference} | {Answer(rule, tests[rule.Name])} |\n");
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    // The class and not each test: adding a test to a class that has one of the rule changes nothing here.
    private static string Answer(Requirement rule, IEnumerable<string> files)
    {
        var links = string.Join(", ", files.Distinct().Select(file => $"[{Path.GetFileNameWithoutExtension(file)}](../{file})"));
        var later = rule.IsBuilt ? "" : rule.Issue == "later" ? "later" : $"issue {rule.Issue}";
        if (links.Length > 0) return later.Length > 0 ? $"{links} ({later})" : links;
        return later.Length > 0 ? later : Requirement.Notes.TryGetValue(rule.Id, out var note) ? $"none: {note}" : "**missing**";
    }
}

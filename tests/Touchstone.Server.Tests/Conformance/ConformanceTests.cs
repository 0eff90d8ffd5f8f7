namespace Touchstone.Server.Tests.Conformance;

/// <summary>Every rule that concerns what is built has a test or a reason, and docs/conformance.md tells which.</summary>
public sealed class ConformanceTests
{
    private const string Update = "TOUCHSTONE_UPDATE_SNAPSHOTS";
    private static readonly string Document = SourceTree.PathOf("docs", "conformance.md");

    [Fact]
    public void The_document_is_what_the_tests_say()
    {
        var text = ConformanceText.Write();
        if (Environment.GetEnvironmentVariable(Update) == "1") File.WriteAllText(Document, text);
        var written = File.Exists(Document) ? File.ReadAllLines(Document) : [];
        text.Split('\n')[..^1].Except(written).Concat(written.Except(text.Split('\n'))).ShouldBeEmpty($"docs/conformance.md is stale. Write it anew and review the difference: {Update}=1 ./test ConformanceTests");
    }

    [Fact]
    public void Every_rule_that_is_built_has_a_test_or_a_note_and_never_both()
    {
        var named = NamedTests.All.Select(test => test.Rule).ToHashSet();
        Requirement.All.Where(rule => rule.IsBuilt && !named.Contains(rule.Name) && !Requirement.Notes.ContainsKey(rule.Id)).Select(rule => rule.Id)
            .ShouldBeEmpty("write a test that is named after the rule, or say in tests/conformance-notes.tsv why there is none");
        Requirement.All.Where(rule => named.Contains(rule.Name) && Requirement.Notes.ContainsKey(rule.Id)).Select(rule => rule.Id).ShouldBeEmpty("they have tests: take their notes away");
    }

    [Fact]
    public void Notes_are_few_and_about_rules_that_are_built()
    {
        var built = Requirement.All.Where(rule => rule.IsBuilt).Select(rule => rule.Id).ToHashSet();
        Requirement.Notes.Keys.Except(built).ShouldBeEmpty();
        Requirement.Notes.Count.ShouldBeLessThanOrEqualTo(built.Count / 20);
    }

    [Fact]
    public void No_test_is_named_after_a_rule_that_is_not_there()
    {
        var rules = Requirement.All.Select(rule => rule.Name).ToHashSet();
        NamedTests.All.Where(test => !rules.Contains(test.Rule)).Select(test => $"{test.File}: {test.Test}").ShouldBeEmpty();
        // Else the sources were not found.
        NamedTests.All.Count.ShouldBeGreaterThan(300);
    }
}

namespace Touchstone.Protocol.Tests;

public sealed class PublicApiTests
{
    private const string Update = "TOUCHSTONE_UPDATE_SNAPSHOTS";
    private static readonly string Snapshot = SourceTree.PathOf("tests", "Touchstone.Protocol.Tests", "PublicApi.txt");

    [Fact]
    public void The_public_api_is_the_reviewed_one()
    {
        var actual = PublicApiText.Of(typeof(OAuthError).Assembly);
        if (Environment.GetEnvironmentVariable(Update) == "1") File.WriteAllText(Snapshot, actual);
        var reviewed = File.ReadAllText(Snapshot);
        if (actual != reviewed)
        {
            Assert.Fail($"""
                The public API of Touchstone.Protocol is not the one in tests/Touchstone.Protocol.Tests/PublicApi.txt:

                {Difference(reviewed, actual)}

                If that is meant, update the file and review its difference: {Update}=1 dotnet test tests/Touchstone.Protocol.Tests
                """);
        }
    }

    [Fact]
    public void Protocol_uses_the_base_class_library_only()
    {
        var references = typeof(OAuthError).Assembly.GetReferencedAssemblies().Select(name => name.Name!);
        references.ShouldAllBe(name => name.StartsWith("System.", StringComparison.Ordinal));
    }

    private static string Difference(string before, string after)
    {
        var (old, current) = (Members(before), Members(after));
        var changes = old.Except(current).Select(line => "- " + line).Concat(current.Except(old).Select(line => "+ " + line));
        return string.Join('\n', changes.DefaultIfEmpty("(the same members in another order)"));
    }

    /// <summary>The lines, those of members with the name of their type before them.</summary>
    private static List<string> Members(string text)
    {
        var type = "";
        var members = new List<string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] != ' ') type = line[..line.IndexOf(':', StringComparison.Ordinal)];
            members.Add(line[0] == ' ' ? $"{type}: {line.Trim()}" : line);
        }
        return members;
    }
}

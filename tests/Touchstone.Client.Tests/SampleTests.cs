using System.Text.RegularExpressions;

namespace Touchstone.Client.Tests;

public sealed partial class SampleTests
{
    [Fact]
    public void README_shows_the_sample()
    {
        var sample = File.ReadAllText(PathOf("samples", "AspNetApi", "Program.cs")).Split('\n', 2)[1].TrimEnd('\n');
        File.ReadAllText(PathOf("README.md")).ShouldContain($"```csharp\n{sample}\n```");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void C_sharp_that_a_page_shows_is_built(string page)
    {
        // Whitespace apart, each block stands in a file of samples, which are part of the solution: what no longer builds can't be shown.
        var built = Directory.EnumerateFiles(PathOf("samples"), "*.cs", SearchOption.AllDirectories).Select(file => Plain(File.ReadAllText(file))).ToArray();
        foreach (Match block in CSharp().Matches(File.ReadAllText(PathOf(page))))
        {
            var shown = Plain(block.Groups[1].Value);
            built.ShouldContain(file => file.Contains(shown, StringComparison.Ordinal), $"no file under samples has this block of {page}:\n{block.Groups[1].Value}");
        }
    }

    public static TheoryData<string> Pages()
    {
        var root = PathOf();
        return [.. new[] { "README.md" }
            .Concat(Directory.EnumerateFiles(PathOf("docs", "guides"), "*.md").Concat(Directory.EnumerateFiles(PathOf("src"), "PACKAGE.md", SearchOption.AllDirectories)).Select(file => Path.GetRelativePath(root, file)))];
    }

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CSharp();

    private static string Plain(string text) => string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    internal static string PathOf(params string[] parts)
    {
        // From where the program lies: a build for others names no folder of this machine.
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Touchstone.slnx"))) folder = folder.Parent;
        return Path.Combine([folder.ShouldNotBeNull("Touchstone.slnx must lie above the tests").FullName, .. parts]);
    }
}

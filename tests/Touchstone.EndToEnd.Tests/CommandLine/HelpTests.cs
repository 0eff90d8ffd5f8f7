using System.Text.RegularExpressions;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary>What <c>--help</c> says and what docs/command-line.md says are the same commands and options.</summary>
public sealed partial class HelpTests
{
    // They stand once, at the top of the page, and not in the section of each command.
    private static readonly string[] Common = ["--server", "--allow-insecure-http", "--data", "--json", "--help"];

    // They call no server, and their help says nothing of one.
    private static readonly string[] Local = ["serve", "sidecar", "admin", "config", "audit", "impact"];

    // Its file says all that it has to know.
    private const string Apart = "sidecar";

    // The root's alone, from the library.
    private static readonly string[] OfTheRoot = ["--version"];

    // Asked once: it takes a process for each command.
    private static readonly Lazy<Task<IReadOnlyList<(string Path, string Help)>>> All = new(WalkAsync);

    [Fact]
    public async Task Every_help_ends_with_examples_of_that_command()
    {
        foreach (var (path, help) in await AllAsync())
        {
            var examples = help[(help.IndexOf("Examples:", StringComparison.Ordinal) is var at and >= 0 ? at : help.Length)..].Split('\n').Skip(1).Where(line => line.Length > 0).ToArray();
            examples.ShouldNotBeEmpty(path);
            foreach (var example in examples) example.ShouldContain("touchstone " + path, customMessage: path);
        }
    }

    [Fact]
    public async Task Every_command_is_documented_and_every_documented_command_exists()
    {
        var exists = (await AllAsync()).Where(command => !command.Help.Contains("\nCommands:", StringComparison.Ordinal)).Select(command => command.Path).Order();

        Sections().SelectMany(section => section.Commands).Order().ShouldBe(exists);
    }

    [Fact]
    public async Task Every_option_is_documented_with_its_command_and_every_documented_option_exists()
    {
        var helps = (await AllAsync()).ToDictionary(command => command.Path, command => Options(OptionsOf(command.Help)));
        foreach (var (commands, text) in Sections())
        {
            var documented = Options(text).Except(Common).Order();
            var exists = commands.SelectMany(command => helps[command]).Except(Common).Distinct().Order();
            documented.ShouldBe(exists, string.Join(", ", commands));
        }
    }

    [Fact]
    public async Task The_options_of_every_command_are_on_every_command()
    {
        var page = Page();
        var section = page[page.IndexOf("## Options of every command", StringComparison.Ordinal)..page.IndexOf("## Exit codes", StringComparison.Ordinal)];
        foreach (var option in Common) section.ShouldContain($"| `{option}");

        foreach (var (path, help) in await AllAsync())
            Options(OptionsOf(help)).Except(OfTheRoot).Intersect(Common).Order().ShouldBe(Common.Except(path.Split(' ')[0] == Apart ? ["--server", "--allow-insecure-http", "--data"] : Local.Contains(path.Split(' ')[0]) ? ["--server"] : []).Order(), path);
    }

    [Theory]
    [InlineData("serve", "--help")]
    [InlineData("token", "issue", "--help")]
    [InlineData("client", "add", "-h")]
    public async Task Help_goes_to_standard_output_and_is_no_error(params string[] line)
    {
        var result = await Cli.Bare.RunAsync(line);

        result.ShouldEndWith(0);
        result.Error.ShouldBeEmpty();
        result.Output.ShouldContain("Usage:");
    }

    internal static Task<IReadOnlyList<(string Path, string Help)>> AllAsync() => All.Value;

    /// <summary>Every command with its help, found by walking down from the root.</summary>
    private static async Task<IReadOnlyList<(string Path, string Help)>> WalkAsync()
    {
        var found = new List<(string, string)>();
        await WalkFromAsync("");
        return found;

        async Task WalkFromAsync(string path)
        {
            var result = await Cli.Bare.RunAsync([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
            result.ShouldEndWith(0);
            if (path.Length > 0) found.Add((path, result.Output));
            var at = result.Output.IndexOf("\nCommands:", StringComparison.Ordinal);
            if (at < 0) return;
            foreach (Match child in CommandLine().Matches(result.Output[at..(result.Output.IndexOf("Examples:", at, StringComparison.Ordinal))]))
                await WalkFromAsync($"{path} {child.Groups[1].Value}".Trim());
        }
    }

    // The part with the options alone: examples and descriptions name others'.
    internal static string OptionsOf(string help)
    {
        var from = help.IndexOf("\nOptions:", StringComparison.Ordinal);
        var lines = help[from..].Split('\n').Skip(2).TakeWhile(line => line.Length > 0);
        return string.Join('\n', lines.Select(line => TwoBlanks().Split(line.Trim())[0]));
    }

    /// <summary>The page's sections on commands: which, and the text.</summary>
    private static IEnumerable<(string[] Commands, string Text)> Sections()
    {
        var page = Page();
        foreach (var section in page[page.IndexOf("## Exit codes", StringComparison.Ordinal)..].Split("\n## ").Skip(1))
        {
            var title = section.Split('\n')[0];
            var group = title.Contains(',', StringComparison.Ordinal) ? title.Split(' ')[0] + " " : "";
            string[] commands = group.Length == 0 ? [title] : [.. title[group.Length..].Split(", ").Select(name => group + name)];
            yield return (commands, section);
        }
    }

    private static IEnumerable<string> Options(string text) => Option().Matches(text).Select(match => match.Value).Distinct();

    private static string Page() => File.ReadAllText(Path.Combine(Sources.Root, "docs", "command-line.md"));

    [GeneratedRegex("(?<![\\w-])--[a-z][a-z-]*")]
    private static partial Regex Option();

    [GeneratedRegex("^  ([a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex(" {2,}")]
    private static partial Regex TwoBlanks();
}

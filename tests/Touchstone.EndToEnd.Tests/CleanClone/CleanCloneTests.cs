using System.Text.RegularExpressions;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.CleanClone;

/// <summary>Bar 1: on a clean clone the commands of README.md work, with nothing else.</summary>
[Collection(LoadCollection.Name)]
public sealed partial class CleanCloneTests(Clone clone) : IClassFixture<Clone>
{
    private const int Port = 5080;

    [Fact]
    public async Task Two_first_runs_at_once_build_once_and_both_answer_and_the_next_builds_nothing()
    {
        var runs = await Task.WhenAll(clone.Shell.RunAsync("./touchstone --version"), clone.Shell.RunAsync("./touchstone --version"));

        foreach (var run in runs)
        {
            run.ExitCode.ShouldBe(0, run.Error);
            run.Output.ShouldMatch("^[0-9]+\\.[0-9]+\\.[0-9]+\\S*\n$");
        }
        // None where another test of this clone came first.
        string.Concat(runs.Select(run => run.Error)).ShouldBeOneOf("", "building touchstone…\n");
        runs[1].Output.ShouldBe(runs[0].Output);

        var built = File.GetLastWriteTimeUtc(Path.Combine(clone.Path, "artifacts", "build.stamp"));
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        (await clone.Shell.RunAsync("cd src && printf x | ../touchstone introspect - --as nobody --server http://127.0.0.1:1 --secret y")).ExitCode.ShouldBe(3, "arguments, folder and input are passed on");
        Bars.Tell($"a run that builds nothing: {clock.GetElapsedTime(started).TotalMilliseconds:0} ms");
        File.GetLastWriteTimeUtc(Path.Combine(clone.Path, "artifacts", "build.stamp")).ShouldBe(built);
        Leftovers().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_first_commands_of_the_README_give_what_it_shows()
    {
        var blocks = Blocks();
        Assert.SkipWhen(blocks.Length == 0, "there is no README.md with a console block yet");
        var (command, shown) = Split(blocks[0]);
        command.ShouldBe("./touchstone serve --demo");
        Assert.SkipUnless(Ports.IsFree(Port), $"port {Port}, which the README uses, is taken");
        (await clone.Shell.RunAsync("./touchstone --version")).ExitCode.ShouldBe(0);

        await using var server = ServerProcess.Begin(Setup(command));
        await server.ReadyAsync();
        await Until.TrueAsync(() => CurlLine().Count(server.Output) == 3, "it is introduced");

        // Line by line what is printed, but for what is new every time.
        var printed = server.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var (line, expected) in printed.Zip(shown)) line.ShouldMatch($"^{Regex.Escape(expected).Replace("…", "\\S+", StringComparison.Ordinal)}$");
        printed.Length.ShouldBe(shown.Length);

        var curl = printed.Where(line => line.StartsWith("curl ", StringComparison.Ordinal)).ToArray();
        (await Programs.Bash.RunAsync("-c", curl[0])).Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        (await Programs.Bash.RunAsync("-c", curl[1])).Output.ShouldBe("200\n");
        (await Programs.Bash.RunAsync("-c", curl[2])).Output.ShouldBe("""{"active":false}""");
        (await server.TerminateAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task The_set_up_of_the_README_works_command_by_command()
    {
        var blocks = Blocks();
        Assert.SkipWhen(blocks.Length < 3, "there is no README.md with a set-up yet");
        Assert.SkipUnless(Ports.IsFree(Port), $"port {Port}, which the README uses, is taken");
        (await clone.Shell.RunAsync("./touchstone --version && rm -rf data")).ExitCode.ShouldBe(0);

        await using var server = ServerProcess.Begin(Setup(Split(blocks[1]).Command));
        await server.ReadyAsync();

        var token = "";
        foreach (var line in blocks[2].Select(line => line[2..]))
        {
            var result = await (clone.Shell with { Input = token }).RunAsync(line);
            result.ExitCode.ShouldBe(0, $"{line}\n{result.Output}{result.Error}");
            if (line.Contains("token issue", StringComparison.Ordinal)) token = TokenLine().Match(result.Output).Groups[1].Value + "\n";
        }
        token.ShouldStartWith("tst_at_");
    }

    private ServerSetup Setup(string command) => new() { Line = ["/bin/bash", "-c", "exec " + command], Folder = clone.Path, Data = Path.Combine(clone.Path, "data"), Port = Port };

    // Blocks of commands, each line one.
    private static string[][] Blocks()
    {
        var readme = Path.Combine(Sources.Root, "README.md");
        if (!File.Exists(readme)) return [];
        return [.. ConsoleBlock().Matches(File.ReadAllText(readme)).Select(match => match.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))];
    }

    private static (string Command, string[] Shown) Split(string[] block) => (block[0][2..], block[1..]);

    // Nothing may outlive a build: a compiler or build server that waits for the next one would keep the clone.
    private string[] Leftovers()
    {
        if (!OperatingSystem.IsLinux()) return [];
        return [.. Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)).Select(LineOf).Where(line => line.Contains(clone.Path, StringComparison.Ordinal))];

        static string LineOf(string process)
        {
            try
            {
                return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return ""; // It ended meanwhile, or is somebody else's.
            }
        }
    }

    [GeneratedRegex("```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ConsoleBlock();

    [GeneratedRegex("^curl ", RegexOptions.Multiline)]
    private static partial Regex CurlLine();

    [GeneratedRegex("^token +(\\S+)$", RegexOptions.Multiline)]
    private static partial Regex TokenLine();
}

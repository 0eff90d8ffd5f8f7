using System.Text.RegularExpressions;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary>An option that lacks its value never takes the option behind it for one.</summary>
public sealed partial class OptionValueTests(SharedServer shared)
{
    [Theory]
    [InlineData("--reason", "--dry-run", "revoke", "--subject", "carol", "--reason", "--dry-run")]
    [InlineData("--subject", "--dry-run", "revoke", "--subject", "--dry-run")]
    [InlineData("--subject", "--reason", "revoke", "--subject", "--reason=x")]
    [InlineData("--scope", "--public", "client", "add", "pub1", "--kind", "client", "--scope", "--public")]
    [InlineData("--authorization-details-type", "--dpop-bound", "client", "set-grants", "app", "--authorization-details-type", "--dpop-bound")]
    [InlineData("--subject", "--refresh", "token", "issue", "--client", "demo-app", "--subject", "--refresh")]
    [InlineData("--lines", "-f", "audit", "tail", "-n", "-f")]
    [InlineData("--server", "--json", "--server", "--json", "client", "list")]
    public async Task The_option_and_the_word_behind_it_are_named_and_nothing_is_done(string option, string next, params string[] line)
    {
        var result = await shared.Cli.RunAsync(line);

        result.ShouldEndWith(2);
        result.Output.ShouldBeEmpty();
        result.Error.ShouldContain($"{option} needs a value; '{next}' is an option. A value that begins so is written {option}=VALUE.");
    }

    [Theory]
    [InlineData("--reason needs a value; '--reason=' has none.", "revoke", "--subject", "carol", "--reason=", "--dry-run")]
    [InlineData("--reason needs a value; '--reason:' has none.", "revoke", "--subject", "carol", "--reason:", "--dry-run")]
    [InlineData("--subject needs a value, before '--'.", "revoke", "--subject", "--", "carol")]
    public async Task Joined_to_nothing_it_has_no_value(string error, params string[] line)
    {
        var result = await shared.Cli.RunAsync(line);

        result.ShouldEndWith(2);
        result.Error.ShouldContain(error);
    }

    [Fact]
    public async Task A_subject_whose_revocation_lacked_a_reason_keeps_its_tokens()
    {
        var sub = SharedServer.Name("carol");
        var token = await shared.Server.Admin.IssueAsync(new { client_id = "demo-app", sub });

        (await shared.Cli.RunAsync("revoke", "--subject", sub, "--reason", "--dry-run")).ShouldEndWith(2);
        (await shared.Cli.RunAsync("introspect", token)).ShouldEndWith(0);
        // Joined, the word is the reason.
        (await shared.Cli.RunAsync("revoke", "--subject", sub, "--reason=--dry-run")).ShouldEndWith(0);
        (await shared.Cli.RunAsync("token", "show", token, "--json")).Json.GetProperty("revocation").GetProperty("reason").GetString().ShouldBe("--dry-run");
        (await shared.Cli.RunAsync("introspect", token)).ShouldEndWith(1);
    }

    [Fact]
    public async Task Every_option_of_every_command_that_takes_a_value_asks_for_it()
    {
        var lines = new List<(string[] Line, string Option)>();
        foreach (var (path, help) in await HelpTests.AllAsync())
        {
            if (help.Contains("\nCommands:", StringComparison.Ordinal)) continue;
            foreach (Match option in WithValue().Matches(HelpTests.OptionsOf(help)))
            {
                var name = option.Groups[1].Value;
                // Its value may be left out.
                if (name != "--wait") lines.Add(([.. path.Split(' '), name, "--json"], name));
            }
        }
        lines.Count.ShouldBeGreaterThan(100);

        await Parallel.ForEachAsync(lines, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (asked, _) =>
        {
            var result = await Cli.Bare.RunAsync(asked.Line);
            result.ExitCode.ShouldBe(2, string.Join(' ', asked.Line));
            result.Error.ShouldContain($"{asked.Option} needs a value", customMessage: string.Join(' ', asked.Line));
        });
    }

    [GeneratedRegex("(--[a-z-]+) <", RegexOptions.Multiline)]
    private static partial Regex WithValue();
}

using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone revoke</c> of lists and names against the real server.</summary>
public sealed class RevokeCommandTests(SharedServer shared)
{
    private const int Leaked = 5000;

    [Fact]
    public async Task R06_A_list_of_5000_leaked_tokens_ends_and_what_is_no_token_is_told_by_its_line()
    {
        using var folder = new TempFolder();
        var tokens = new List<string>();
        for (var i = 0; i < Leaked; i += 1000)
        {
            var issued = await shared.Server.Admin.PostAsync("/admin/tokens", Enumerable.Range(0, 1000).Select(_ => new { client_id = "demo-app", aud = "https://api.demo.example" }));
            tokens.AddRange(issued.Json.EnumerateArray().Select(item => item.GetProperty("token").GetString()!));
        }
        var spared = await shared.Server.Admin.IssueAsync(new { client_id = "demo-app", aud = "https://api.demo.example" });
        var file = folder.File("leaked.txt");
        // Lines 1 to 4 need a look: cut, too long, not ASCII, never issued; then blank lines and the tokens.
        await File.WriteAllLinesAsync(file, [spared[..^2], new string('a', 5000), "tökén", "never-issued", "", "  ", .. tokens.Select(token => " " + token)]);

        var looked = await shared.Cli.RunAsync("revoke", "--file", file, "--dry-run", "--json");
        looked.Json.GetRawText().ShouldBe($$"""{"dry_run":{{Leaked}},"malformed":3}""");
        looked.ShouldEndWith(1);

        var result = await shared.Cli.RunAsync("revoke", "--file", file, "--reason", "incident 5501");

        result.ShouldEndWith(1);
        result.Output.ShouldBe($"malformed  3\nrevoked    {Leaked}\nunknown    1\n");
        result.ErrorLines.Select(line => line.Split(':')[0]).ShouldBe(["line 1", "line 2", "line 3"]);
        result.Error.ShouldNotContain(spared[..^2]);
        foreach (var part in tokens.Chunk(64))
        {
            var answers = await Task.WhenAll(part.Select(token => shared.Server.OAuth.IsActiveAsync(token, shared.Server.DemoResourceServer)));
            answers.ShouldAllBe(isActive => !isActive);
        }
        (await shared.Server.OAuth.IsActiveAsync(spared, shared.Server.DemoResourceServer)).ShouldBeTrue();
        (await shared.Cli.RunAsync("revoke", "--file", file, "--json")).Json.GetRawText().ShouldBe($$"""{"already_revoked":{{Leaked + 1}},"malformed":3}""");
    }

    [Fact]
    public async Task R06_Long_tokens_are_sent_in_parts_that_the_server_takes_and_what_can_t_be_read_is_no_fault()
    {
        using var folder = new TempFolder();
        var file = folder.File("jwts.txt");
        // 12 MB, where a body may have 4.
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, 4000).Select(i => $"{i}." + new string('a', 3000)));
        var result = await shared.Cli.RunAsync("revoke", "--file", file, "--reason", "a reason as long as a sentence", "--json");
        result.Json.GetRawText().ShouldBe("""{"unknown":4000}""");
        (await shared.Cli.RunAsync("revoke", "--file", folder.Path)).ShouldEndWith(2);
        (await shared.Cli.RunAsync("revoke", "--file", folder.File("none"))).Error.ShouldContain("there is no file");
    }

    [Fact]
    public async Task A_jti_names_a_token_and_an_unknown_one_nothing()
    {
        var issued = (await shared.Server.Admin.PostAsync("/admin/tokens", new { client_id = "demo-app", aud = "https://api.demo.example" })).Json;

        var result = await shared.Cli.RunAsync("revoke", "--jti", issued.GetProperty("jti").GetString()!, "--json");

        result.ShouldEndWith(0);
        result.Json.GetProperty("status").GetString().ShouldBe("revoked");
        (await shared.Server.OAuth.IsActiveAsync(issued.GetProperty("token").GetString()!, shared.Server.DemoResourceServer)).ShouldBeFalse();
        (await shared.Cli.RunAsync("revoke", "--jti", "nobody-has-this")).ShouldEndWith(1);
        var foreign = await shared.Cli.RunAsync("revoke", "--jti", "x", "--iss", "https://other.example");
        foreign.ShouldEndWith(0);
        foreign.Output.ShouldContain("recorded");
    }

    [Fact]
    public async Task What_names_nobody_is_told()
    {
        var subject = await shared.Cli.RunAsync("revoke", "--subject", SharedServer.Name("nobody"), "--json");
        subject.ShouldEndWith(1);
        subject.Json.GetProperty("status").GetString().ShouldBe("unknown");

        var client = await shared.Cli.RunAsync("revoke", "--client", SharedServer.Name("web-shpo"));
        client.ShouldEndWith(0);
        client.Output.ShouldContain("no client of this name is registered here");

        var mistyped = await shared.Cli.RunAsync("revoke", "tst_at_mistyped", "--json");
        mistyped.ShouldEndWith(1);
        mistyped.Json.GetProperty("status").GetString().ShouldBe("malformed");
    }

    [Fact]
    public async Task What_stands_behind_wait_and_is_no_number_is_refused_and_not_repeated()
    {
        var token = await shared.Server.Admin.IssueAsync(new { client_id = "demo-app", aud = "https://api.demo.example" });
        foreach (var arguments in new string[][] { ["--wait", token], ["--wait", "-"], ["--subject", "a", "--wait", "5s"], ["--subject", "a", "--wait", "31"], ["--subject", "a", "--wait=-1"] })
        {
            var result = await shared.Cli.RunAsync(["revoke", .. arguments]);
            result.ShouldEndWith(2);
            result.Error.ShouldContain("--wait takes 0 to 30 seconds");
            (result.Error + result.Output).ShouldNotContain(token);
        }
        (await shared.Server.OAuth.IsActiveAsync(token, shared.Server.DemoResourceServer)).ShouldBeTrue();
    }
}

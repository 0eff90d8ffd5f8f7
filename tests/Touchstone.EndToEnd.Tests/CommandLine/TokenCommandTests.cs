using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone token issue</c> and <c>show</c> against the real server.</summary>
public sealed class TokenCommandTests(SharedServer shared)
{
    private const string Audience = "https://api.demo.example";

    [Fact]
    public async Task Issue_takes_every_option_and_the_answer_has_them_all()
    {
        var issued = await shared.Cli.RunAsync(
            "token", "issue", "--client", "demo-app", "--subject", "alice", "--username", "Alice", "--scope", "orders:read orders:write", "--scope", "bills:read",
            "--audience", Audience, "--audience", "https://other.example", "--lifetime", "15m", "--claim", "roles=[\"auditor\"]", "--claim", "level=3", "--claim", "team=\"blue\"", "--json");

        issued.ShouldEndWith(0);
        var token = issued.Json.GetProperty("token").GetString()!;
        issued.Json.EnumerateObject().Select(member => member.Name).ShouldBe(["token", "token_type", "token_sha256", "jti", "exp"]);
        var seen = (await shared.Server.OAuth.IntrospectAsync(token, shared.Server.DemoResourceServer)).Json;
        seen.GetProperty("active").GetBoolean().ShouldBeTrue();
        seen.GetProperty("sub").GetString().ShouldBe("alice");
        seen.GetProperty("username").GetString().ShouldBe("Alice");
        seen.GetProperty("client_id").GetString().ShouldBe("demo-app");
        seen.GetProperty("scope").GetString().ShouldBe("orders:read orders:write bills:read");
        seen.GetProperty("aud").EnumerateArray().Select(aud => aud.GetString()).ShouldBe([Audience, "https://other.example"]);
        (seen.GetProperty("exp").GetInt64() - seen.GetProperty("iat").GetInt64()).ShouldBe(900);
        seen.GetProperty("exp").GetInt64().ShouldBe(issued.Json.GetProperty("exp").GetInt64());
        seen.GetProperty("roles").GetRawText().ShouldBe("[\"auditor\"]");
        seen.GetProperty("level").GetRawText().ShouldBe("3");
        seen.GetProperty("team").GetString().ShouldBe("blue");
    }

    [Fact]
    public async Task Issue_prints_members_for_people_and_lives_an_hour_by_default()
    {
        var issued = await shared.Cli.RunAsync("token", "issue", "--client", "demo-app");

        issued.ShouldEndWith(0);
        foreach (var member in (string[])["token ", "token_type ", "token_sha256 ", "jti ", "exp "]) issued.Output.ShouldContain(member);
        issued.Output.ShouldContain("(in 1 h)");
    }

    [Fact]
    public async Task Issue_and_introspect_join_in_a_pipe_as_documented()
    {
        var issued = await shared.Cli.RunAsync("token", "issue", "--client", "demo-app", "--json");

        var asked = await (shared.Cli with { Input = issued.Json.GetProperty("token").GetString() + "\n" }).RunAsync("introspect", "-");

        asked.ShouldEndWith(0);
    }

    [Theory]
    [InlineData("token", "issue")]
    [InlineData("token", "issue", "--client", "demo-app", "--claim", "level")]
    [InlineData("token", "issue", "--client", "demo-app", "--claim", "team=blue")]
    [InlineData("token", "issue", "--client", "demo-app", "--claim", "a=1", "--claim", "a=2")]
    [InlineData("token", "issue", "--client", "demo-app", "--claim", "a={\"b\":1,\"b\":2}")]
    [InlineData("token", "issue", "--client", "demo-app", "--lifetime", "1w")]
    [InlineData("token", "show")]
    [InlineData("token", "show", "")]
    [InlineData("token", "show", "-")]
    public async Task A_line_that_can_not_be_meant_is_a_usage_error(params string[] line)
    {
        var result = await shared.Cli.RunAsync(line);

        result.ShouldEndWith(2);
        result.ErrorLines.Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("client_id", "--client", "nobody-of-this-name")]
    [InlineData("claims", "--client", "demo-app", "--claim", "active=true")]
    [InlineData("expires_in", "--client", "demo-app", "--lifetime", "3650d")]
    [InlineData("scope", "--client", "demo-app", "--scope", "bad\"scope")]
    public async Task What_the_server_refuses_names_the_member(string member, params string[] options)
    {
        var result = await shared.Cli.RunAsync(["token", "issue", .. options, "--json"]);

        result.ShouldEndWith(1);
        result.ErrorJson.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("member").GetString()).ShouldContain(member);
    }

    [Fact]
    public async Task Show_finds_a_token_by_value_by_hash_and_from_standard_input()
    {
        var issued = (await shared.Server.Admin.PostAsync("/admin/tokens", new { client_id = "demo-app", sub = "bob", claims = new { level = 7 } })).Json;
        var (token, hash) = (issued.GetProperty("token").GetString()!, issued.GetProperty("token_sha256").GetString()!);

        foreach (var result in new[]
        {
            await shared.Cli.RunAsync("token", "show", token, "--json"),
            await shared.Cli.RunAsync("token", "show", hash, "--json"),
            await (shared.Cli with { Input = $"  {token} \n" }).RunAsync("token", "show", "-", "--json"),
        })
        {
            result.ShouldEndWith(0);
            result.Json.GetProperty("active").GetBoolean().ShouldBeTrue();
            var record = result.Json.GetProperty("record");
            record.GetProperty("token_sha256").GetString().ShouldBe(hash);
            record.GetProperty("sub").GetString().ShouldBe("bob");
            record.GetProperty("claims").GetRawText().ShouldBe("{\"level\":7}");
            result.Output.ShouldNotContain(token);
        }

        var human = await shared.Cli.RunAsync("token", "show", hash);
        human.ShouldEndWith(0);
        human.Output.ShouldContain("active  true");
        human.Output.ShouldContain("sub ");
    }

    [Fact]
    public async Task Show_of_a_revoked_token_is_known_and_tells_the_revocation()
    {
        var token = await shared.Server.Admin.IssueAsync(new { client_id = "demo-app" });
        (await shared.Cli.RunAsync("revoke", token)).ShouldEndWith(0);

        var result = await shared.Cli.RunAsync("token", "show", token, "--json");

        result.ShouldEndWith(0);
        result.Json.GetProperty("active").GetBoolean().ShouldBeFalse();
        result.Json.GetProperty("reason").GetString().ShouldBe("revoked");
        result.Json.GetProperty("revocation").GetProperty("actor").GetString().ShouldBe("admin");
        (await shared.Cli.RunAsync("token", "show", token)).Output.ShouldContain("revocation");
    }

    [Fact]
    public async Task Show_of_an_unknown_token_ends_with_1_and_prints_the_answer_all_the_same()
    {
        var result = await shared.Cli.RunAsync("token", "show", "never-issued", "--json");

        result.ShouldEndWith(1);
        result.Json.GetProperty("known").GetBoolean().ShouldBeFalse();
        result.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_server_stores_can_not_forge_what_is_printed()
    {
        // A claim may hold what it likes; on a terminal it would move the cursor or turn the line around.
        var token = await shared.Server.Admin.IssueAsync(new { client_id = "demo-app", sub = "a\u202Eb", claims = new { note = "x\u001b[2Jy\nz" } });

        foreach (var line in (string[][])[["token", "show", token], ["token", "show", token, "--json"], ["introspect", token], ["introspect", token, "--json"]])
        {
            var result = await shared.Cli.RunAsync(line);
            result.ShouldEndWith(0);
            result.Output.ShouldNotContain("\u001b");
            result.Output.ShouldNotContain("\u202E");
        }

        var json = (await shared.Cli.RunAsync("token", "show", token, "--json")).Json;
        json.GetProperty("record").GetProperty("sub").GetString().ShouldBe("a\u202Eb");
        json.GetProperty("record").GetProperty("claims").GetProperty("note").GetString().ShouldBe("x\u001b[2Jy\nz");
    }
}

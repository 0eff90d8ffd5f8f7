namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone subject …</c> against the real server.</summary>
public sealed class SubjectCommandTests(SharedServer shared)
{
    [Fact]
    public async Task L12_Disable_ends_what_a_subject_has_and_enable_brings_nothing_back()
    {
        // Any character may stand in it, so it travels in bodies only.
        var sub = SharedServer.Name("päul/../?#%2f ");
        var token = await shared.Server.Admin.IssueAsync(new { client_id = "demo-app", sub, aud = "https://api.demo.example" });

        var disabled = await shared.Cli.RunAsync("subject", "disable", sub, "--reason", "left", "--json");
        disabled.ShouldEndWith(0);
        disabled.Json.GetProperty("sub").GetString().ShouldBe(sub);
        disabled.Json.GetProperty("enabled").GetBoolean().ShouldBeFalse();
        (await shared.Server.OAuth.IsActiveAsync(token, shared.Server.DemoResourceServer)).ShouldBeFalse();
        var refused = await shared.Cli.RunAsync("token", "issue", "--client", "demo-app", "--subject", sub, "--json");
        refused.ShouldEndWith(1);
        refused.ErrorJson.GetProperty("errors")[0].GetProperty("detail").GetString().ShouldBe("this subject is disabled");
        (await shared.Cli.RunAsync("subject", "list")).Output.ShouldContain("päul");
        (await shared.Cli.RunAsync("subject", "list", "--json")).Json.GetProperty("items").EnumerateArray().ShouldContain(item => item.GetProperty("sub").GetString() == sub && item.GetProperty("reason").GetString() == "left");

        (await shared.Cli.RunAsync("subject", "enable", sub)).ShouldEndWith(0);
        (await shared.Server.OAuth.IsActiveAsync(token, shared.Server.DemoResourceServer)).ShouldBeFalse();
        (await shared.Cli.RunAsync("token", "issue", "--client", "demo-app", "--subject", sub)).ShouldEndWith(0);
        (await shared.Cli.RunAsync("subject", "list", "--json")).Json.GetProperty("items").EnumerateArray().ShouldNotContain(item => item.GetProperty("sub").GetString() == sub);
    }

    [Theory]
    [InlineData("disable", "alice", "--iss", "nowhere")]
    [InlineData("enable", "")]
    public async Task What_the_server_refuses_ends_with_1(params string[] line) => (await shared.Cli.RunAsync(["subject", .. line])).ShouldEndWith(1);
}

using System.Text.RegularExpressions;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Samples;

/// <summary>The sample beside <c>serve --demo</c>, with the lines of its guide: what a newcomer sees.</summary>
[Collection(LoadCollection.Name)]
public sealed partial class AspNetApiTests
{
    // As the sample and its guide have them.
    private static readonly Uri Issuer = new("http://127.0.0.1:5080"), Api = new("http://127.0.0.1:5090");

    [Fact]
    public async Task No_token_is_challenged_an_active_one_is_served_and_a_revoked_one_is_refused_within_a_second()
    {
        Assert.SkipUnless(Ports.IsFree(Issuer.Port) && Ports.IsFree(Api.Port), $"port {Issuer.Port} or {Api.Port}, which the guide uses, is taken");
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo with { Port = Issuer.Port });
        await Until.TrueAsync(() => CurlLine().Count(server.Output) == 3, "it is introduced");
        await using var sample = await SampleProcess.StartAsync(Api, server.DemoResourceServer.Secret!);

        var lines = CurlLine().Matches(await File.ReadAllTextAsync(Path.Combine(Sources.Root, "docs", "guides", "protect-an-api.md"))).Select(match => match.Groups[1].Value).Where(line => line.Contains(Api.Authority, StringComparison.Ordinal)).ToArray();
        lines.Length.ShouldBe(2);
        var (without, with) = (lines[0], lines[1].Replace("tst_at_…", server.DemoToken, StringComparison.Ordinal));

        var challenge = await RunAsync(without);
        challenge.ShouldStartWith("HTTP/1.1 401 ");
        challenge.ShouldContain("WWW-Authenticate: Bearer realm=\"api\"\r\n");
        for (var i = 0; i < 2; i++)
        {
            var served = await RunAsync(with);
            served.ShouldStartWith("HTTP/1.1 200 ");
            served.ShouldEndWith("Orders of alice\n");
        }

        (await RunAsync(CurlLine().Matches(server.Output)[1].Groups[1].Value)).ShouldBe("200\n");
        await Until.TrueAsync(async () => (await RunAsync(with)).StartsWith("HTTP/1.1 401 ", StringComparison.Ordinal), "the API refuses it", TimeSpan.FromSeconds(1));
        (await RunAsync(with)).ShouldContain("error=\"invalid_token\"");
    }

    private static async Task<string> RunAsync(string line)
    {
        var result = await Programs.Bash.RunAsync("-c", line);
        result.ExitCode.ShouldBe(0, result.Error);
        return result.Output;
    }

    // A line of a shell, or one that was printed.
    [GeneratedRegex("^(?:\\$ )?(curl .*)$", RegexOptions.Multiline)]
    private static partial Regex CurlLine();
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Touchstone.EndToEnd.Tests.Serve;

/// <summary>The record cache can be turned off, and nothing but speed changes.</summary>
public sealed partial class RecordCacheTests
{
    [Theory]
    [InlineData("0", false)]
    [InlineData("1MiB", true)]
    public async Task Answers_are_the_same_with_and_without_the_cache(string size, bool hits)
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Arguments = ["--demo", "--record-cache", size] });

        for (var i = 0; i < 5; i++) (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        (await server.OAuth.RevokeAsync(server.DemoToken, server.DemoClient)).Status.ShouldBe(200);
        for (var i = 0; i < 5; i++) (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeFalse();

        var metrics = (await server.OAuth.GetAsync("/metrics")).Text;
        (Hits(metrics) > 0).ShouldBe(hits, metrics);
    }

    private static double Hits(string metrics) => CacheHits().Matches(metrics).Sum(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex("^touchstone_server_record_cache_lookups[a-z_]*\\{result=\"hit\"\\} ([0-9.]+)$", RegexOptions.Multiline)]
    private static partial Regex CacheHits();
}

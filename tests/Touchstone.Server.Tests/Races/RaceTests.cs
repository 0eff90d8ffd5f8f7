using System.Reflection;
using System.Text.RegularExpressions;

namespace Touchstone.Server.Tests.Races;

/// <summary>
/// The races of design.md §3, 2 over the real server: refresh, exchange and issue against every selector, in all orders that a seed can give. TOUCHSTONE_RACE_SEEDS=FROM-TO runs others than the usual seeds, one of them to replay it.
/// </summary>
public sealed class RaceTests(RaceServers servers, ITestOutputHelper output) : IClassFixture<RaceServers>
{
    private const int UsualSeeds = 40;

    [Fact]
    public async Task L12_L15_Nothing_that_was_ended_is_active_whatever_was_under_way()
    {
        var (active, inactive, wins, reuses, exchanged, rows) = (0, 0, 0, 0, 0, 0);
        foreach (var seed in Seeds())
        {
            var ledger = await servers.RunAsync(seed, RaceMutation.None);
            ledger.Violation.ShouldBeNull($"seed {seed}");
            (active, inactive, wins, reuses) = (active + ledger.Active, inactive + ledger.Inactive, wins + ledger.Wins, reuses + ledger.Reuses);
            (exchanged, rows) = (exchanged + ledger.Exchanged, rows + ledger.Rows.Count(row => row.Answered > 0));
        }
        output.WriteLine($"{active} active and {inactive} inactive answers, {wins} refreshes, {reuses} reuses, {exchanged} exchanges, {rows} ends");
        // A server that refuses all would keep the promise as well.
        foreach (var count in (int[])[active, inactive, wins, reuses, exchanged, rows]) count.ShouldBeGreaterThan(Seeds().Count() / 10);
    }

    // The seed is one that is known to show it, so that not all before it need be run; where the simulation changed, it is looked for.
    [Theory]
    [InlineData(RaceMutation.BornAtTheWrite, 14)]
    [InlineData(RaceMutation.LineageDropped, 55)]
    [InlineData(RaceMutation.AncestorsDropped, 61)]
    [InlineData(RaceMutation.JudgedByItsOwnIssue, 61)]
    [InlineData(RaceMutation.FamilyReplaced, 12)]
    [InlineData(RaceMutation.UseForgotten, 1)]
    [InlineData(RaceMutation.UseFromMemory, 1)]
    [InlineData(RaceMutation.RefreshNotJudged, 0)]
    [InlineData(RaceMutation.ReuseWritesNoRow, 12)]
    [InlineData(RaceMutation.ReadAsOfItsReturn, 1)]
    public async Task What_is_broken_is_caught(RaceMutation mutation, int known)
    {
        foreach (var seed in Enumerable.Range(0, 2000).Prepend(known))
        {
            if ((await servers.RunAsync(seed, mutation)).Violation is not { } violation) continue;
            output.WriteLine($"{mutation}: seed {seed}: {violation.Split('\n')[0]}");
            return;
        }
        Assert.Fail($"{mutation} was not caught.");
    }

    [Fact]
    public void Every_mutation_is_tried() =>
        typeof(RaceTests).GetMethod(nameof(What_is_broken_is_caught))!.GetCustomAttributes<InlineDataAttribute>().Select(data => (RaceMutation)data.Data[0]!)
            .ShouldBe(Enum.GetValues<RaceMutation>().Where(mutation => mutation is not RaceMutation.None));

    [Fact]
    public async Task A_seed_can_be_replayed()
    {
        foreach (var seed in (int[])[4, 7])
        {
            var first = Unnamed(await servers.RunAsync(seed, RaceMutation.None));
            var second = Unnamed(await servers.RunAsync(seed, RaceMutation.None));
            foreach (var (one, other) in first.Zip(second)) other.ShouldBe(one);
            second.Length.ShouldBe(first.Length);
        }

        // Names begin with the number of the run.
        static string[] Unnamed(RaceLedger ledger) => [.. ledger.Steps.Select(step => Regex.Replace(step, @"-\d+\.", "-"))];
    }

    private static IEnumerable<int> Seeds()
    {
        if (Environment.GetEnvironmentVariable("TOUCHSTONE_RACE_SEEDS") is not { Length: > 0 } asked) return Enumerable.Range(0, UsualSeeds);
        var bounds = asked.Split('-').Select(int.Parse).ToArray();
        return Enumerable.Range(bounds[0], bounds[^1] - bounds[0] + 1);
    }
}

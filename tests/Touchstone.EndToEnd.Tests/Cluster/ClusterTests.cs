using System.Globalization;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Cluster;

/// <summary>
/// Clients of three nodes under full load while tokens are revoked at all of them, and one thing or another fails: no introspection that begins after the 200 of a revocation says active
/// (design.md §3, invariant 5), and what lives is served.
/// </summary>
[Collection(LoadCollection.Name)]
public sealed class ClusterTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const int Third = 2;
    private const int Sleepers = 64;
    private const double Healthy = 0.999;
    private const double InAFault = 0.95;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task L15_All_is_well()
    {
        var fault = await RunAsync("all is well", () => Task.CompletedTask, () => Task.CompletedTask);
        fault.ShouldAllBe(tally => tally.Served >= Healthy);
    }

    [Fact]
    public async Task L15_One_node_stands_still_and_goes_on()
    {
        var fault = await RunAsync("one node is frozen", () => Do(cluster.Nodes[Third].Stop), () => Do(cluster.Nodes[Third].Continue));
        fault[..Third].ShouldAllBe(tally => tally.Served >= InAFault);
    }

    [Fact]
    public async Task L15_One_node_is_killed_and_comes_back()
    {
        var fault = await RunAsync("one node is killed", () => cluster.Nodes[Third].Kill9Async(), () => cluster.Nodes[Third].RestartAsync());
        fault[..Third].ShouldAllBe(tally => tally.Served >= InAFault);
    }

    [Fact]
    public async Task L15_The_database_is_restarted()
    {
        // No node is unaffected; those who hold a lease answer from memory while it lasts.
        await RunAsync(
            "PostgreSQL is restarted",
            async () =>
            {
                await cluster.Postgres.StopAsync();
                await cluster.Postgres.BeginAsync();
            },
            () => Task.CompletedTask);
    }

    [Theory]
    [InlineData("connections are reset")]
    [InlineData("nothing passes")]
    public async Task L15_One_node_is_cut_off_from_the_database(string how)
    {
        var fault = await RunAsync(
            $"one node is cut off ({how})", () => Do(how == "connections are reset" ? cluster.Proxy.Cut : cluster.Proxy.Swallow), () => Do(cluster.Proxy.Restore));
        fault[..Third].ShouldAllBe(tally => tally.Served >= InAFault);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task L15_The_very_first_answers_after_a_pause_obey(bool isCutOff)
    {
        var (tokens, node) = (await cluster.IssueAsync(Sleepers), cluster.Nodes[Third]);
        using var client = new NodeClient(node, cluster.Caller);
        (await AskAsync(client, tokens)).ShouldAllBe(answer => answer == NodeAnswer.Active);

        node.Stop();
        var revoked = await Task.WhenAll(tokens.Select(token => cluster.Nodes[0].OAuth.RevokeAsync(token.Value, cluster.Owner)));
        revoked.ShouldAllBe(answer => answer.Status == 200);
        if (isCutOff) cluster.Proxy.Cut();
        // Over connections that are open already: these requests lie there when it wakes.
        var asked = AskAsync(client, tokens);
        node.Continue();

        (await asked).ShouldAllBe(answer => answer == (isCutOff ? NodeAnswer.Refused : NodeAnswer.Inactive));
        cluster.Proxy.Restore();
        await cluster.AllReadyAsync();
        (await AskAsync(client, tokens)).ShouldAllBe(answer => answer == NodeAnswer.Inactive);
    }

    [Fact]
    public async Task L15_A_revocation_waits_for_a_node_that_pauses_for_less_than_its_lease()
    {
        var (tokens, node) = (await cluster.IssueAsync(Sleepers), cluster.Nodes[Third]);
        using var client = new NodeClient(node, cluster.Caller);
        (await AskAsync(client, tokens)).ShouldAllBe(answer => answer == NodeAnswer.Active);

        foreach (var token in tokens.Take(5))
        {
            var seq = await SeqAsync();
            node.Stop();
            var revoking = cluster.Nodes[1].OAuth.RevokeAsync(token.Value, cluster.Owner);
            await Until.TrueAsync(async () => await SeqAsync() > seq, "the revocation is committed");
            node.Continue();
            (await revoking).Status.ShouldBe(200);
            (await client.AskAsync(token, CancellationToken.None)).ShouldBe(NodeAnswer.Inactive);
        }
    }

    private async Task<long> SeqAsync() => (long)(await PostgresServer.ScalarAsync(cluster.Connection, "SELECT seq FROM head"))!;

    private static Task<NodeAnswer[]> AskAsync(NodeClient node, WatchedToken[] tokens) => Task.WhenAll(tokens.Select(token => node.AskAsync(token, CancellationToken.None)));

    // A fifth of the revocations before the fault, a fifth after it. Gives what was counted during it.
    private async Task<Tally[]> RunAsync(string what, Func<Task> breakAsync, Func<Task> healAsync)
    {
        var tokens = await cluster.IssueAsync(2 * Bars.ClusterRevocations);
        await using var load = new ClusterLoad(cluster.Nodes, cluster.Caller, tokens, Bars.Seed);
        await load.AskAllAsync();
        load.Turn();
        var revocations = new PacedRevocations(cluster.Nodes, cluster.Owner, tokens[Bars.ClusterRevocations..], load, Pace, Bars.Seed);

        await revocations.StartedAsync(0.2);
        var before = load.Turn();
        var broken = TimeProvider.System.GetTimestamp();
        await breakAsync();
        await revocations.StartedAsync(0.8);
        var lasted = TimeProvider.System.GetElapsedTime(broken);
        await healAsync();
        await cluster.AllReadyAsync();
        var fault = load.Turn();
        await revocations.AllAsync();
        var after = load.Turn();
        await load.StopAsync();
        await load.AskAllAsync();

        Bars.Tell(string.Create(CultureInfo.InvariantCulture, $"{what} for {lasted.TotalSeconds:F1} s, seed {Bars.Seed}: {revocations}; {load.AskedAfter} introspections after a 200, {load.Faults.Count} faults"));
        foreach (var (name, tallies) in new[] { ("before", before), ("fault", fault), ("after", after) })
        {
            for (var node = 0; node < tallies.Length; node++) Bars.Tell($"  {name,-6} node {node + 1}: {tallies[node]}");
        }
        load.Faults.ShouldBeEmpty($"seed {Bars.Seed}");
        load.AskedAfter.ShouldBeGreaterThan(Bars.ClusterRevocations);
        foreach (var tally in before.Concat(after).Where(tally => tally.Asked > 0)) tally.Served.ShouldBeGreaterThanOrEqualTo(Healthy, tally.ToString());
        return fault;
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}

using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Concurrency;

/// <summary>One refresh token, used by many at once over three nodes: one wins, and what it won is ended before anybody else is answered (RFC 9700 §4.14.2).</summary>
[Collection(LoadCollection.Name)]
public sealed class RefreshRaceTests
{
    private const int Parallel = 200;
    private const int Nodes = 3;
    private const string Audience = "https://api.refresh.example";

    [Fact]
    public async Task L05_F06_Of_200_parallel_uses_over_three_nodes_one_wins_and_no_node_accepts_the_family_when_a_loser_is_answered()
    {
        await using var cluster = await StartAsync();
        var (caller, app) = await PrepareAsync(cluster);
        var late = 0;
        for (var round = 0; round < Bars.RefreshRounds; round++)
        {
            var (access, refresh) = await IssueAsync(cluster, app);
            (await cluster.Nodes[round % Nodes].OAuth.IsActiveAsync(access, caller)).ShouldBeTrue();
            var random = Bars.Random(Bars.Seed, round);
            int[] askAt = [.. Enumerable.Range(0, Parallel).Select(_ => random.Next(Nodes))];
            var answers = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(i => Task.Run(async () =>
            {
                var answer = await cluster.Nodes[i % Nodes].OAuth.RefreshAsync(refresh, app);
                // Asked at any node, and begun after the answer: nobody may be told that the family lives.
                if (answer.Status != 200 && await cluster.Nodes[askAt[i]].OAuth.IsActiveAsync(access, caller)) Interlocked.Increment(ref late);
                return answer;
            })));

            var winner = answers.Where(answer => answer.Status == 200).ShouldHaveSingleItem($"seed {Bars.Seed}, round {round}").Json;
            answers.Where(answer => answer.Status != 200).ShouldAllBe(answer => answer.Status == 400 && answer.Json.GetProperty("error").GetString() == "invalid_grant");
            late.ShouldBe(0, $"seed {Bars.Seed}, round {round}");
            foreach (var node in cluster.Nodes)
            {
                (await node.OAuth.IsActiveAsync(winner.GetProperty("access_token").GetString()!, caller)).ShouldBeFalse();
                (await node.OAuth.RefreshAsync(winner.GetProperty("refresh_token").GetString()!, app)).Json.GetProperty("error").GetString().ShouldBe("invalid_grant");
            }
        }
        Bars.Tell($"{Bars.RefreshRounds} rounds of {Parallel} parallel uses of one refresh token over {Nodes} nodes, seed {Bars.Seed}: one winner in each, and of {Bars.RefreshRounds * (Parallel - 1)} introspections that began after a loser's answer none said active");
    }

    [Fact]
    public async Task L05_F07_With_a_grace_period_all_are_told_the_same_refresh_token_and_nobody_is_locked_out()
    {
        await using var cluster = await StartAsync("00:00:30");
        var (caller, app) = await PrepareAsync(cluster);
        for (var round = 0; round < Bars.RefreshRounds; round++)
        {
            var (_, refresh) = await IssueAsync(cluster, app);
            var answers = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(i => Task.Run(() => cluster.Nodes[i % Nodes].OAuth.RefreshAsync(refresh, app))));
            answers.ShouldAllBe(answer => answer.Status == 200);
            var next = answers.Select(answer => answer.Json.GetProperty("refresh_token").GetString()!).Distinct().ShouldHaveSingleItem();
            foreach (var node in cluster.Nodes) (await node.OAuth.IsActiveAsync(answers[0].Json.GetProperty("access_token").GetString()!, caller)).ShouldBeTrue();
            // Who retries gets it again, at any node; and it works, once.
            (await cluster.Nodes[round % Nodes].OAuth.RefreshAsync(refresh, app)).Json.GetProperty("refresh_token").GetString().ShouldBe(next);
            (await cluster.Nodes[(round + 1) % Nodes].OAuth.RefreshAsync(next, app)).Status.ShouldBe(200);
            (await cluster.Nodes[(round + 2) % Nodes].OAuth.RefreshAsync(refresh, app)).Json.GetProperty("error").GetString().ShouldBe("invalid_grant");
        }
        Bars.Tell($"{Bars.RefreshRounds} rounds of {Parallel} parallel uses within a grace period over {Nodes} nodes: the same refresh token for all");
    }

    private static Task<TestCluster> StartAsync(string grace = "0")
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        return TestCluster.StartAsync(Nodes, new ServerSetup { Environment = new Dictionary<string, string?>(ServerSetup.NoLimits) { ["Touchstone__RefreshTokens__ReuseGrace"] = grace, [TestStore.PatienceSetting] = TestStore.Patience.ToString() } });
    }

    private static async Task<(TestClient Caller, TestClient App)> PrepareAsync(TestCluster cluster)
    {
        var admin = cluster.Nodes[0].Admin;
        return (await admin.AddResourceServerAsync("refresh-api", Audience),
            await admin.AddClientAsync(new { client_id = "refresh-app", kind = "client", audience = new[] { Audience }, scope = "a", grants = new { grant_types = new[] { "refresh_token" } } }));
    }

    private static async Task<(string Access, string Refresh)> IssueAsync(TestCluster cluster, TestClient app)
    {
        var json = (await cluster.Nodes[0].Admin.PostAsync("/admin/tokens", new { client_id = app.Id, sub = "u", scope = "a", aud = Audience, refresh = true })).Json;
        return (json.GetProperty("token").GetString()!, json.GetProperty("refresh_token").GetString()!);
    }
}

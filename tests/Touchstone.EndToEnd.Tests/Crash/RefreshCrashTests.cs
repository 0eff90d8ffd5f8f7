using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Crash;

/// <summary><c>kill -9</c> while grants are refreshed: no acknowledged refresh is lost, and no refresh token works twice.</summary>
[Collection(LoadCollection.Name)]
public sealed class RefreshCrashTests
{
    private const int Grants = 24;
    private const string Audience = "https://crash.refresh.example";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task L04_L05_Refreshes_survive_kill_9()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Environment = ServerSetup.NoLimits });
        await RunAsync(server, server, [server]);
    }

    [Fact]
    public async Task L04_L05_Refreshes_at_a_node_that_is_killed_are_known_to_the_others()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        await using var cluster = await TestCluster.StartAsync(3, new ServerSetup { Environment = ServerSetup.NoLimits });
        await RunAsync(cluster.Nodes[0], cluster.Nodes[2], [cluster.Nodes[0], cluster.Nodes[1]]);
    }

    private static async Task RunAsync(ServerProcess admin, ServerProcess victim, ServerProcess[] asked)
    {
        var random = Bars.Random(Bars.Seed, 5);
        var app = await admin.Admin.AddClientAsync(new { client_id = "crash-refresh", kind = "client", audience = new[] { Audience }, scope = "a", grants = new { grant_types = new[] { "refresh_token" } } });
        for (var round = 1; round <= Bars.CrashRounds; round++)
        {
            var issued = await admin.Admin.PostAsync("/admin/tokens", Enumerable.Range(0, Grants).Select(_ => new { client_id = app.Id, sub = "u", scope = "a", aud = Audience, refresh = true }));
            RefreshLoad[] grants = [.. issued.Json.EnumerateArray().Select(item => new RefreshLoad(victim, app, item.GetProperty("refresh_token").GetString()!))];
            var isKilled = false;
            var working = Task.WhenAll(grants.Select(grant => Task.Run(() => grant.RunAsync(() => Volatile.Read(ref isKilled)))));
            var enough = random.Next(Grants, Grants * 20);
            await Until.TrueAsync(() => grants.Sum(grant => grant.Acknowledged) >= enough || working.IsFaulted, $"{enough} refreshes are acknowledged", Patience);
            if (working.IsFaulted) await working;
            Volatile.Write(ref isKilled, true);
            await victim.Kill9Async();
            await working;

            if (asked[0] == victim) await victim.RestartAsync();
            var faults = await Task.WhenAll(grants.Select((grant, i) => grant.FaultsAsync(asked[i % asked.Length])));
            faults.SelectMany(fault => fault).ShouldBeEmpty($"seed {Bars.Seed}, round {round}");
            Bars.Tell($"round {round}: killed after {grants.Sum(grant => grant.Acknowledged)} refreshes of {Grants} grants; none lost, none works twice");
            if (asked[0] != victim) await victim.RestartAsync();
        }
    }
}

using System.Globalization;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>Bar 4: whatever is sent, the answer is one of the table, the server stays well, and no token or secret is found anywhere afterwards.</summary>
[Collection(LoadCollection.Name)]
public sealed class FuzzTests
{
    [Fact]
    public async Task I45_Bad_input_gets_an_error_or_inactive_and_leaves_no_trace()
    {
        var seed = Bars.Seed;
        Bars.Tell($"seed {seed} (TOUCHSTONE_SEED)");
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Environment = ServerSetup.NoLimits });
        var world = await FuzzWorld.CreateAsync(server, seed);
        var run = new FuzzRun(server, world, seed);
        var before = Memory(server);

        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        await run.SendAsync(Bars.FuzzRequests);
        var elapsed = clock.GetElapsedTime(started);

        var count = run.Answers.Values.Sum();
        Bars.Tell($"{count} requests in {elapsed.TotalSeconds:0.0} s, {count / elapsed.TotalSeconds:0} a second; resident {before} MiB before, {Memory(server)} MiB after; {run.Faults.Count} faults");
        Bars.Tell(run.Table());
        run.Faults.ShouldBeEmpty();

        // Well, and still right.
        (await server.Http.GetAsync("/health/ready")).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        (await server.OAuth.IsActiveAsync(world.LiveToken, world.ResourceServer)).ShouldBeTrue();
        (await server.OAuth.GrantAsync(world.Client)).Status.ShouldBe(200);
        var metrics = (await server.OAuth.GetAsync("/metrics")).Text;
        AssertQuiet(server);

        AssertNoSecret(server, metrics, world);
        (await server.TerminateAsync()).ShouldBe(0);
        AssertNoSecret(server, metrics, world);
    }

    [Fact]
    public async Task I45_The_search_finds_what_is_there()
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);

        LeakSearch.Find(server, "", server.DemoToken, server.AdminClient.Secret!).ShouldBe([$"{server.DemoToken[..10]}… in out.txt"], "the demo prints its token, and that is documented");
        File.Copy(Path.Combine(server.Data, "admin.json"), Path.Combine(server.Data, "leak"));
        LeakSearch.Find(server, $"x{server.DemoToken}x", server.DemoToken, server.AdminClient.Secret!).Count.ShouldBe(3);
    }

    private static void AssertQuiet(ServerProcess server)
    {
        server.Output.ShouldBeEmpty();
        string[] loud = [" fail: ", " crit: ", "Exception", "Unexpected", "   at ", "Unhandled"];
        File.ReadLines(server.ErrorFile).FirstOrDefault(line => loud.Any(word => line.Contains(word, StringComparison.Ordinal))).ShouldBeNull();
    }

    private static void AssertNoSecret(ServerProcess server, string metrics, FuzzWorld world)
    {
        // Everything that this server makes has one of these prefixes; everything that was made up has the marker.
        string[] secrets =
        [
            "tst_at_", "tst_rt_", "tst_cs_", world.Marker, world.LiveToken[7..], world.AdminToken[7..], .. Encoded(world.ResourceServer), .. Encoded(world.Client), .. Encoded(server.AdminClient),
        ];
        LeakSearch.Find(server, metrics, secrets).ShouldBeEmpty();
    }

    private static string[] Encoded(TestClient client) => [client.Secret![7..], client.Basic["Basic ".Length..]];

    private static long Memory(ServerProcess server)
    {
        var status = $"/proc/{server.ProcessId}/status";
        if (!File.Exists(status)) return 0;
        var line = File.ReadLines(status).First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}

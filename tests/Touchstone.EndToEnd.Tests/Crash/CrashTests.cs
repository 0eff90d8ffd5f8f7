using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Crash;

/// <summary>Bar 3: <c>kill -9</c> under a load of issues and revocations; whatever was acknowledged is there afterwards, whole.</summary>
[Collection(LoadCollection.Name)]
public sealed class CrashTests
{
    // Old writes asked for again after each round; after the last one, all of them.
    private const int OldWrites = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task L04_Every_acknowledged_token_revocation_and_rotation_survives_kill_9()
    {
        Bars.Tell($"seed {Bars.Seed} (TOUCHSTONE_SEED)");
        var random = new Random(Bars.Seed);
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Environment = new Dictionary<string, string?>(Bars.SmallGenerations.Concat(ServerSetup.NoLimits)) });
        var resourceServer = await server.Admin.AddResourceServerAsync("crash-api", CrashLoad.Audience);
        var client = await server.Admin.AddClientAsync("crash-app", CrashLoad.Audience, "a b");
        var rotation = new RotationLoad(server, await server.Admin.AddResourceServerAsync("crash-rotated", CrashLoad.Audience));
        var earlier = new List<WrittenToken[]>();

        for (var round = 1; round <= Bars.CrashRounds; round++)
        {
            var journal = new CrashJournal();
            var load = new CrashLoad(server, client, journal, unchecked((Bars.Seed * 31) + round));
            await KillUnderLoadAsync(server, load, rotation, journal, random.Next(Bars.CrashAcknowledgements / 5, Bars.CrashAcknowledgements));
            WrittenToken[][] writes = [.. journal.Writes];
            var heard = Heard(journal, writes);

            var started = TimeProvider.System.GetTimestamp();
            await server.RestartAsync();
            var back = TimeProvider.System.GetElapsedTime(started);

            var verdict = new CrashVerdict(server, resourceServer);
            WrittenToken[][] old = [.. earlier];
            random.Shuffle(old);
            string[] faults = [.. await verdict.FaultsAsync([.. writes, .. round < Bars.CrashRounds ? old.Take(OldWrites) : old]), .. await rotation.FaultsAsync()];
            Bars.Tell($"round {round,2}: {heard}, {rotation.Rotations,5} rotations so far; ready again after {back.TotalMilliseconds,5:0} ms; asked for {verdict.Asked,7} tokens: {verdict.Survived,2} unheard issues are there; {faults.Length} faults");

            faults.ShouldBeEmpty($"seed {Bars.Seed}, round {round}");
            server.Error.ShouldNotContain("Exception");
            earlier.AddRange(writes.Where(write => write[0].Issued is Known.Acknowledged));
        }
    }

    private static async Task KillUnderLoadAsync(ServerProcess server, CrashLoad load, RotationLoad rotation, CrashJournal journal, int enough)
    {
        var working = Task.WhenAll(load.RunAsync(), rotation.RunAsync(() => load.IsKilled));
        await Until.TrueAsync(() => journal.Acknowledged >= enough || working.IsFaulted, $"{enough} writes are acknowledged", Patience);
        if (working.IsFaulted) await FailAsync(server, working);
        load.IsKilled = true;
        await server.Kill9Async();
        await working;
    }

    // Every worker failed though nobody killed the server: it refused what it should have done, or it ended by itself.
    private static async Task FailAsync(ServerProcess server, Task working)
    {
        await Task.WhenAny(server.ExitedAsync(), Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System));
        if (!server.IsRunning) Assert.Fail($"The server ended by itself with exit code {await server.ExitedAsync()}:\n{server.Error[^Math.Min(server.Error.Length, 4000)..]}");
        await working;
    }

    private static string Heard(CrashJournal journal, WrittenToken[][] writes)
    {
        var tokens = writes.SelectMany(write => write).ToArray();
        var (issued, revoked) = (tokens.Count(token => token.Issued is Known.Acknowledged), tokens.Count(token => token.Revoked is Known.Acknowledged));
        var (unheard, undone) = (writes.Count(write => write[0].Issued is Known.InFlight), tokens.Count(token => token.Revoked is Known.InFlight));
        return $"killed after {journal.Acknowledged,6} acknowledged writes, {issued,7} tokens and {revoked,5} revocations; in flight {unheard,2} issues and {undone,2} revocations";
    }
}

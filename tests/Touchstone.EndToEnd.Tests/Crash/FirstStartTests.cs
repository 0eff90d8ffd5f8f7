using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Crash;

/// <summary><c>kill -9</c> during the very first start, as soon as each file is there: whatever it leaves, the next start completes it.</summary>
[Collection(LoadCollection.Name)]
public sealed class FirstStartTests
{
    // In the order in which a first start makes them.
    public static TheoryData<string> Files => ["touchstone.lock", "touchstone.db", "touchstone.db-wal", "admin.json.tmp", "admin.json", "demo.json.tmp", "demo.json"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task L04_The_server_starts_again_and_the_credentials_that_were_written_work(string file)
    {
        await using var server = ServerProcess.Begin(ServerSetup.Demo);
        await KillWhenThereAsync(server, file);
        var seen = ReadAdmin(server);

        // Once more in the middle of repairing.
        server.Begin();
        await KillWhenThereAsync(server, "demo.json");
        await server.RestartAsync();

        if (seen is not null) File.ReadAllText(Path.Combine(server.Data, "admin.json")).ShouldBe(seen, "they may have been read already");
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        (await server.OAuth.GrantAsync(server.DemoClient)).Status.ShouldBe(200);
        server.Error.ShouldNotContain("Exception");
        Bars.Tell($"a first start killed when {file} was there: {(seen is null ? "no admin.json yet, a new one works" : "the same admin.json works")}");
    }

    // Looks without a pause: the moment between a file and what follows it is what is aimed at.
    private static async Task KillWhenThereAsync(ServerProcess server, string file)
    {
        var path = Path.Combine(server.Data, file);
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (server.IsRunning && !File.Exists(path) && clock.GetElapsedTime(started) < Until.Deadline && !server.Output.Contains("curl", StringComparison.Ordinal)) await Task.Yield();
        await server.Kill9Async();
    }

    private static string? ReadAdmin(ServerProcess server)
    {
        var path = Path.Combine(server.Data, "admin.json");
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }
}

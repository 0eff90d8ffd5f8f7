namespace Touchstone.EndToEnd.Tests.Concurrency;

/// <summary>Two servers that are started at the same moment on one folder.</summary>
public sealed class TwoServersTests
{
    [Fact]
    public async Task One_serves_and_the_other_is_refused_whichever_was_first()
    {
        using var folder = new TempFolder();
        await using var first = ServerProcess.Begin(ServerSetup.Demo with { Data = folder.File("data") });
        await using var second = ServerProcess.Begin(ServerSetup.Demo with { Data = folder.File("data") });
        await Until.TrueAsync(() => !first.IsRunning || !second.IsRunning, "one of them gives way");

        var (winner, loser) = first.IsRunning ? (first, second) : (second, first);
        (await loser.ExitedAsync()).ShouldBe(1);
        loser.Error.ShouldContain("Another touchstone process uses the data folder");
        await winner.ReadyAsync();
        (await winner.OAuth.IsActiveAsync(winner.DemoToken, winner.DemoResourceServer)).ShouldBeTrue();
        winner.DemoJson.GetProperty("server").GetString().ShouldBe(winner.Address.GetLeftPart(UriPartial.Authority));
    }
}

using Touchstone.Client.Redis;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

public sealed class RedisSentinelTests
{
    [Fact]
    public async Task A_failover_costs_latency_and_nothing_else()
    {
        Caches.Need();
        await using var primary = await RedisServer.StartAsync();
        await using var first = await RedisServer.StartAsync($"replicaof 127.0.0.1 {primary.Port}");
        await using var second = await RedisServer.StartAsync($"replicaof 127.0.0.1 {primary.Port}");
        await using var one = await RedisServer.StartSentinelAsync("mine", primary, quorum: 2);
        await using var two = await RedisServer.StartSentinelAsync("mine", primary, quorum: 2);
        await using var three = await RedisServer.StartSentinelAsync("mine", primary, quorum: 2);
        await Until.TrueAsync(async () => await KnowsAsync(one) && await KnowsAsync(two) && await KnowsAsync(three), "the sentinels know each other and the replicas");

        await using var cache = await Caches.ConnectAsync(null, options =>
        {
            // The first is none, so the next is asked.
            foreach (var uri in new[] { new Uri("redis://127.0.0.1:1"), one.Address, two.Address, three.Address }) options.Sentinels.Add(uri);
            options.ServiceName = "mine";
        });
        await cache.SetAsync("a", [1], Caches.Minute);
        (await primary.RunAsync("EXISTS", "a")).ShouldBe("1");
        await Until.TrueAsync(async () => await first.RunAsync("EXISTS", "a") == "1" && await second.RunAsync("EXISTS", "a") == "1", "the replicas have it");

        await primary.KillAsync();
        await Caches.FailsAsync(cache, RedisFault.NotConnected);
        await cache.WaitUntilConnectedAsync().WaitAsync(Until.Deadline, TimeProvider.System);
        (await cache.GetAsync("a")).ShouldBe([1]);
        await cache.SetAsync("b", [2], Caches.Minute);
        (await cache.GetAsync("b")).ShouldBe([2]);
    }

    [Fact]
    public async Task A_service_that_no_sentinel_knows_is_no_connection()
    {
        Caches.Need();
        var logs = new CapturedLogs();
        await using var primary = await RedisServer.StartAsync();
        await using var sentinel = await RedisServer.StartSentinelAsync("mine", primary, quorum: 1);
        await using var cache = Caches.Of(null, options =>
        {
            options.Sentinels.Add(sentinel.Address);
            options.ServiceName = "another";
        }, logs);
        await Until.TrueAsync(() => logs.Of(22).Count > 0, "it is told");
        logs.Of(22)[0].Text.ShouldContain("knows no such service");
        (await Caches.FaultOfAsync(() => cache.GetAsync("a"))).ShouldBe(RedisFault.NotConnected);
    }

    private static async Task<bool> KnowsAsync(RedisServer sentinel)
    {
        var said = (await sentinel.RunAsync("SENTINEL", "MASTER", "mine")).Split('\n');
        return said[Array.IndexOf(said, "num-slaves") + 1] == "2" && said[Array.IndexOf(said, "num-other-sentinels") + 1] == "2";
    }
}

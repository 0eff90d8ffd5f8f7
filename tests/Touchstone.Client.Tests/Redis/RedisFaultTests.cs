using System.Globalization;
using System.Text;
using Touchstone.Client.Redis;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

public sealed class RedisFaultTests
{
    private readonly CapturedLogs _logs = new();

    [Fact]
    public async Task Where_nobody_listens_calls_fail_at_once_and_it_is_logged_once()
    {
        await using var cache = Caches.Of(new Uri("redis://127.0.0.1:1"), logs: _logs);
        await Until.TrueAsync(() => _logs.Of(22).Count > 0, "the first try failed");
        for (var i = 0; i < 100; i++) (await Caches.FaultOfAsync(() => cache.GetAsync("a"))).ShouldBe(RedisFault.NotConnected);
        cache.IsConnected.ShouldBeFalse();
        _logs.Lines.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_is_killed_and_started_again_is_used_again()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync();
        await using var cache = await Caches.ConnectAsync(server.Address, logs: _logs);
        await cache.SetAsync("a", [1], Caches.Minute);
        await server.KillAsync();
        await Caches.FailsAsync(cache, RedisFault.NotConnected);

        await server.BeginAsync();
        await cache.WaitUntilConnectedAsync().WaitAsync(Until.Deadline, TimeProvider.System);
        (await cache.GetAsync("a")).ShouldBeNull();
        await cache.SetAsync("a", [2], Caches.Minute);
        (await cache.GetAsync("a")).ShouldBe([2]);
        (_logs.Of(20).Count, _logs.Of(21).Count).ShouldBe((2, 1));
    }

    [Fact]
    public async Task A_server_that_stands_still_costs_each_call_its_deadline_and_no_reply_goes_astray()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync();
        await using var cache = await Caches.ConnectAsync(server.Address, options => options.Timeout = TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 200; i++) await RepeatAsync(() => cache.SetAsync(Key(i), Encoding.UTF8.GetBytes("value " + Key(i)), Caches.Minute));

        for (var round = 0; round < 3; round++)
        {
            server.Freeze();
            var faults = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Caches.FaultOfAsync(() => cache.GetAsync(Key(i)))));
            faults.ShouldAllBe(fault => fault == RedisFault.Timeout || fault == RedisFault.NotConnected);
            // In the first round its replies come late, on a connection that lives; later on one that was given up.
            if (round > 0) await Until.TrueAsync(() => !cache.IsConnected, "the connection is given up");
            server.Thaw();
            await Until.TrueAsync(async () => await Caches.TryAsync(cache) is null, "it works again");
            for (var i = 0; i < 200; i++)
            {
                byte[]? value = null;
                await RepeatAsync(async () => value = await cache.GetAsync(Key(i)));
                Encoding.UTF8.GetString(value!).ShouldBe("value " + Key(i));
            }
        }
    }

    [Fact]
    public async Task A_call_waits_for_its_deadline_and_a_connection_for_25_of_them()
    {
        Caches.Need();
        var time = new ManualTime();
        await using var server = await RedisServer.StartAsync();
        await using var cache = new RedisCache(new RedisCacheOptions { Endpoint = server.Address }, time: time);
        await cache.WaitUntilConnectedAsync().WaitAsync(Until.Deadline, TimeProvider.System);
        server.Freeze();
        var call = cache.GetAsync("a");
        time.Advance(TimeSpan.FromMilliseconds(19));
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMilliseconds(1));
        (await Caches.FaultOfAsync(() => call)).ShouldBe(RedisFault.Timeout);
        time.Advance(TimeSpan.FromMilliseconds(400));
        cache.IsConnected.ShouldBeTrue();
        time.Advance(TimeSpan.FromMilliseconds(300));
        await Until.TrueAsync(() => !cache.IsConnected, "the server counts as dead");

        server.Thaw();
        await ReconnectAsync(cache, time);
        (await cache.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task A_server_that_stands_still_while_nobody_asks_is_noticed()
    {
        Caches.Need();
        var time = new ManualTime();
        await using var server = await RedisServer.StartAsync();
        await using var cache = new RedisCache(new RedisCacheOptions { Endpoint = server.Address }, time: time);
        await cache.WaitUntilConnectedAsync().WaitAsync(Until.Deadline, TimeProvider.System);
        server.Freeze();
        time.Advance(TimeSpan.FromMilliseconds(4900));
        cache.IsConnected.ShouldBeTrue();
        time.Advance(TimeSpan.FromSeconds(1));
        await Until.TrueAsync(() => !cache.IsConnected, "the server counts as dead");

        server.Thaw();
        await ReconnectAsync(cache, time);
    }

    [Fact]
    public async Task More_calls_than_may_wait_fail_at_once()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync();
        await using var cache = await Caches.ConnectAsync(server.Address, options => (options.MaxPending, options.Timeout) = (10, TimeSpan.FromSeconds(20)));
        server.Freeze();
        var waiting = Enumerable.Range(0, 10).Select(i => cache.GetAsync(Key(i))).ToArray();
        (await Caches.FaultOfAsync(() => cache.GetAsync("a"))).ShouldBe(RedisFault.Busy);
        server.Thaw();
        (await Task.WhenAll(waiting)).ShouldAllBe(value => value == null);
        (await cache.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task A_full_memory_is_told_and_what_was_kept_can_be_read()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync();
        await using var cache = await Caches.ConnectAsync(server.Address);
        await cache.SetAsync("a", [1], Caches.Minute);
        await server.RunAsync("CONFIG", "SET", "maxmemory", "1mb");
        await server.RunAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        (await Caches.FaultOfAsync(() => cache.SetAsync("b", new byte[200_000], Caches.Minute))).ShouldBe(RedisFault.Full);
        (await cache.GetAsync("a")).ShouldBe([1]);
    }

    [Fact]
    public async Task A_replica_is_not_used_and_one_that_becomes_it_is_left()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync();
        await using var cache = await Caches.ConnectAsync(server.Address, logs: _logs);
        await server.RunAsync("REPLICAOF", "127.0.0.1", "1");
        (await Caches.FaultOfAsync(() => cache.SetAsync("a", [1], Caches.Minute))).ShouldBe(RedisFault.ReadOnly);
        await Caches.FailsAsync(cache, RedisFault.ReadOnly);
        await server.RunAsync("REPLICAOF", "NO", "ONE");
        await cache.WaitUntilConnectedAsync().WaitAsync(Until.Deadline, TimeProvider.System);
        await cache.SetAsync("a", [1], Caches.Minute);
    }

    [Fact]
    public async Task A_node_of_a_cluster_is_refused_and_it_is_said_once_why()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync("cluster-enabled yes");
        await using var cache = Caches.Of(server.Address, logs: _logs);
        await Caches.FailsAsync(cache, RedisFault.Cluster);
        for (var i = 0; i < 100; i++) (await Caches.FaultOfAsync(() => cache.GetAsync("a"))).ShouldBe(RedisFault.Cluster);
        _logs.Lines.ShouldHaveSingleItem().Text.ShouldContain("Redis Cluster");
    }

    [Fact]
    public async Task A_cache_that_is_closed_fails()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync();
        var cache = await Caches.ConnectAsync(server.Address);
        await cache.DisposeAsync();
        await cache.DisposeAsync();
        (await Caches.FaultOfAsync(() => cache.GetAsync("a"))).ShouldBe(RedisFault.NotConnected);
    }

    private static Task ReconnectAsync(RedisCache cache, ManualTime time) => Until.TrueAsync(() =>
    {
        time.Advance(TimeSpan.FromMilliseconds(20));
        return cache.IsConnected;
    }, "there is a connection again");

    private static string Key(int i) => i.ToString(CultureInfo.InvariantCulture);

    // On a busy machine a call may miss its deadline.
    private static Task RepeatAsync(Func<Task> call) => Until.TrueAsync(async () =>
    {
        try
        {
            await call();
            return true;
        }
        catch (RedisException)
        {
            return false;
        }
    }, "the call comes through");
}

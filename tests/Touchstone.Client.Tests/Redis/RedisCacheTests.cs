using System.Globalization;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using Touchstone.Client.Redis;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

public sealed class RedisCacheTests : IAsyncLifetime
{
    private RedisServer _server = null!;
    private RedisCache _cache = null!;

    public async ValueTask InitializeAsync()
    {
        Caches.Need();
        _server = await RedisServer.StartAsync();
        _cache = await Caches.ConnectAsync(_server.Address, options => options.KeyPrefix = "test:");
    }

    public async ValueTask DisposeAsync()
    {
        if (_cache is not null) await _cache.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_is_kept_is_found_and_what_is_removed_is_not()
    {
        (await _cache.GetAsync("a")).ShouldBeNull();
        await _cache.SetAsync("a", [1, 2, 3], Caches.Minute);
        (await _cache.GetAsync("a")).ShouldBe([1, 2, 3]);
        (await _server.RunAsync("EXISTS", "test:a")).ShouldBe("1");
        await _cache.RemoveAsync("a");
        (await _cache.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task Any_bytes_and_any_key_come_back_as_they_were()
    {
        byte[][] values = [[], [0], "\r\n$-1\r\n"u8.ToArray(), [.. Enumerable.Range(0, 256).Select(i => (byte)i)], [.. Enumerable.Range(0, 1_000_000).Select(i => (byte)(i * 7))]];
        foreach (var value in values)
        {
            await _cache.SetAsync("ключ \r\n", value, Caches.Minute);
            (await _cache.GetAsync("ключ \r\n")).ShouldBe(value);
        }
    }

    [Fact]
    public async Task What_is_too_long_is_not_sent()
    {
        await _cache.SetAsync("longest", new byte[(1 << 20) - 17], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) });
        (await _cache.GetAsync("longest"))!.Length.ShouldBe((1 << 20) - 17);
        (await Caches.FaultOfAsync(() => _cache.SetAsync("a", new byte[1 << 20], Caches.Minute))).ShouldBe(RedisFault.TooLarge);
        (await Caches.FaultOfAsync(() => _cache.GetAsync(new string('k', 1025)))).ShouldBe(RedisFault.TooLarge);
        _cache.IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task L22_An_entry_ends_when_it_should_and_one_that_is_over_is_never_kept()
    {
        await _cache.SetAsync("a", [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromMilliseconds(50) });
        await Until.TrueAsync(async () => await _cache.GetAsync("a") is null, "the entry is over");
        await _cache.SetAsync("b", [1], Caches.Minute);
        await _cache.SetAsync("b", [2], new DistributedCacheEntryOptions { AbsoluteExpiration = DateTimeOffset.UnixEpoch });
        (await _cache.GetAsync("b")).ShouldBeNull();
    }

    [Fact]
    public async Task Whatever_was_asked_an_entry_ends()
    {
        await _cache.SetAsync("a", [1], new DistributedCacheEntryOptions());
        await _cache.SetAsync("b", [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromDays(900) });
        foreach (var key in new[] { "test:a", "test:b" }) (await TtlAsync(key)).ShouldBeInRange(86_000_000, 86_400_000);
    }

    [Fact]
    public async Task A_sliding_entry_lives_on_by_use_up_to_its_end()
    {
        await _cache.SetAsync("a", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(100), AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(500) });
        await _server.RunAsync("PEXPIRE", "test:a", "50000");
        (await _cache.GetAsync("a")).ShouldBe([1]);
        await Until.TrueAsync(async () => await TtlAsync("test:a") > 90_000, "the use counts");
        await _server.RunAsync("PEXPIRE", "test:a", "50000");
        await _cache.RefreshAsync("a");
        (await TtlAsync("test:a")).ShouldBeInRange(90_000, 100_000);
    }

    [Fact]
    public async Task What_another_wrote_is_a_miss()
    {
        await _server.RunAsync("SET", "test:a", "text");
        (await _cache.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public void Calls_without_await_do_the_same()
    {
        _cache.Set("a", [5], Caches.Minute);
        _cache.Refresh("a");
        _cache.Get("a").ShouldBe([5]);
        _cache.Remove("a");
        _cache.Get("a").ShouldBeNull();
    }

    [Fact]
    public async Task L20_Ten_thousand_calls_at_once_and_none_gets_the_value_of_another()
    {
        await using var many = await Caches.ConnectAsync(_server.Address, options => (options.Connections, options.Timeout) = (2, TimeSpan.FromSeconds(30)));
        await Task.WhenAll(Enumerable.Range(0, 10_000).Select(i => Task.Run(async () =>
        {
            var key = i.ToString(CultureInfo.InvariantCulture);
            await many.SetAsync(key, Encoding.UTF8.GetBytes("value " + key), Caches.Minute);
            Encoding.UTF8.GetString((await many.GetAsync(key))!).ShouldBe("value " + key);
        })));
    }

    [Fact]
    public async Task Who_goes_away_gets_no_value_and_takes_none()
    {
        await _cache.SetAsync("a", [1], Caches.Minute);
        await Should.ThrowAsync<OperationCanceledException>(() => _cache.GetAsync("a", new CancellationToken(canceled: true)));
        (await _cache.GetAsync("a")).ShouldBe([1]);
    }

    [Fact]
    public async Task The_database_of_the_address_is_used()
    {
        await using var third = await Caches.ConnectAsync(new Uri(_server.Address, "/3"));
        await third.SetAsync("a", [1], Caches.Minute);
        (await _server.RunAsync("-n", "3", "EXISTS", "a")).ShouldBe("1");
        (await _server.RunAsync("EXISTS", "a")).ShouldBe("0");
    }

    private async Task<long> TtlAsync(string key) => long.Parse(await _server.RunAsync("PTTL", key), CultureInfo.InvariantCulture);
}

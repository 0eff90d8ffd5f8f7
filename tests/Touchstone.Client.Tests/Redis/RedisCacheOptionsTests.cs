using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Client.Redis;

namespace Touchstone.Client.Tests.Redis;

public sealed class RedisCacheOptionsTests
{
    [Theory]
    [InlineData("redis://user:secret@localhost")]
    [InlineData("redis://:secret@localhost")]
    [InlineData("http://localhost")]
    [InlineData("redis://localhost/x")]
    [InlineData("redis://localhost/0?a=b")]
    [InlineData("redis://redis.example")]
    public void An_address_that_will_not_do_is_refused_and_not_repeated(string address)
    {
        var refused = Should.Throw<ArgumentException>(() => new RedisCache(new RedisCacheOptions { Endpoint = new Uri(address) }));
        refused.ToString().ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("redis://localhost")]
    [InlineData("redis://app@[::1]:7000/5")]
    [InlineData("rediss://redis.example:6380")]
    public void An_address_that_will_do_is_taken(string address) => RedisCacheOptionsRules.Faults(new RedisCacheOptions { Endpoint = new Uri(address) }).ShouldBeEmpty();

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var options = new RedisCacheOptions
        {
            ServiceName = "a", Database = -1, User = "", TrustedRoots = [], KeyPrefix = new string('a', 129), MaxTtl = TimeSpan.Zero, Connections = 9, Timeout = TimeSpan.Zero, ConnectTimeout = TimeSpan.Zero, MaxPending = 0,
        };
        RedisCacheOptionsRules.Faults(options).Count.ShouldBe(11);
        foreach (var sentinel in Enumerable.Repeat(new Uri("redis://a:b@localhost/1"), 17)) options.Sentinels.Add(sentinel);
        RedisCacheOptionsRules.Faults(options).Count.ShouldBe(9 + 1 + 17);
    }

    [Fact]
    public async Task One_cache_is_that_of_the_application_unless_it_has_another()
    {
        await using var parts = new ServiceCollection().AddTouchstoneRedisCache(Local).BuildServiceProvider();
        parts.GetRequiredService<IDistributedCache>().ShouldBeSameAs(parts.GetRequiredService<RedisCache>());
    }

    [Fact]
    public async Task L28_Caches_with_names_are_for_who_names_them()
    {
        await using var parts = new ServiceCollection().AddTouchstoneRedisCache("one", Local).AddTouchstoneRedisCache("two", Local).BuildServiceProvider();
        parts.GetService<IDistributedCache>().ShouldBeNull();
        parts.GetRequiredKeyedService<IDistributedCache>("one").ShouldBeSameAs(parts.GetRequiredKeyedService<RedisCache>("one"));
        parts.GetRequiredKeyedService<RedisCache>("one").ShouldNotBeSameAs(parts.GetRequiredKeyedService<RedisCache>("two"));
    }

    private static void Local(RedisCacheOptions options) => options.Endpoint = new Uri("redis://127.0.0.1:1");
}

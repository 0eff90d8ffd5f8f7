using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Touchstone.Client.Redis;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

/// <summary>Caches in a real Redis.</summary>
internal static class Caches
{
    internal static readonly DistributedCacheEntryOptions Minute = new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) };

    /// <summary>Skips the test where there is no Redis.</summary>
    internal static void Need() => Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");

    /// <summary>A cache that waits long, for tests that are not about waiting; not connected yet.</summary>
    internal static RedisCache Of(Uri? endpoint, Action<RedisCacheOptions>? more = null, CapturedLogs? logs = null)
    {
        var options = new RedisCacheOptions { Endpoint = endpoint, Timeout = TimeSpan.FromSeconds(5) };
        more?.Invoke(options);
        return new RedisCache(options, logs is null ? null : new Logger<RedisCache>(new LoggerFactory([logs])));
    }

    internal static async Task<RedisCache> ConnectAsync(Uri? endpoint, Action<RedisCacheOptions>? more = null, CapturedLogs? logs = null)
    {
        var cache = Of(endpoint, more, logs);
        await cache.WaitUntilConnectedAsync().WaitAsync(Until.Deadline, TimeProvider.System);
        return cache;
    }

    internal static async Task<RedisFault> FaultOfAsync(Func<Task> call) => (await Should.ThrowAsync<RedisException>(call)).Fault;

    /// <summary>Waits until a cache fails as it should.</summary>
    internal static Task FailsAsync(RedisCache cache, RedisFault fault) => Until.TrueAsync(async () => await TryAsync(cache) == fault, $"the fault is {fault}");

    internal static async Task<RedisFault?> TryAsync(RedisCache cache)
    {
        try
        {
            await cache.GetAsync("nothing");
            return null;
        }
        catch (RedisException failed)
        {
            return failed.Fault;
        }
    }
}

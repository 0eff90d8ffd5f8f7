using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Touchstone.Client.Redis;

/// <summary>Adds caches in Redis to a container.</summary>
public static class RedisCacheExtensions
{
    /// <summary>The cache of an application that has one: resolve <see cref="RedisCache"/>. It is the <see cref="IDistributedCache"/> as well, unless the application has registered another.</summary>
    public static IServiceCollection AddTouchstoneRedisCache(this IServiceCollection services, Action<RedisCacheOptions> configure)
    {
        services.AddTouchstoneRedisCache(Options.DefaultName, configure);
        services.TryAddSingleton(static parts => parts.GetRequiredKeyedService<RedisCache>(Options.DefaultName));
        services.TryAddSingleton<IDistributedCache>(static parts => parts.GetRequiredService<RedisCache>());
        return services;
    }

    /// <summary>One of several caches, by name, and for nobody who does not name it. Resolve <see cref="RedisCache"/> or <see cref="IDistributedCache"/> with <c>[FromKeyedServices(name)]</c>.</summary>
    public static IServiceCollection AddTouchstoneRedisCache(this IServiceCollection services, string name, Action<RedisCacheOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions();
        services.Configure(name, configure);
        services.TryAddKeyedSingleton(name, static (parts, key) => new RedisCache(
            parts.GetRequiredService<IOptionsMonitor<RedisCacheOptions>>().Get((string)key!), parts.GetService<ILogger<RedisCache>>(), parts.GetService<TimeProvider>()));
        services.TryAddKeyedSingleton<IDistributedCache>(name, static (parts, key) => parts.GetRequiredKeyedService<RedisCache>(key));
        return services;
    }
}

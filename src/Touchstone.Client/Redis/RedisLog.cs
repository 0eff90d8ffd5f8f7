using Microsoft.Extensions.Logging;

namespace Touchstone.Client.Redis;

/// <summary>Everything that the Redis cache logs: changes of its state, never a call. Never a key, a value, a secret, or what a server wrote.</summary>
internal static partial class RedisLog
{
    [LoggerMessage(20, LogLevel.Information, "Redis at {Endpoint} is connected.")]
    internal static partial void RedisIsConnected(this ILogger logger, RedisEndpoint endpoint);

    [LoggerMessage(21, LogLevel.Warning, "The connection to Redis at {Endpoint} is lost ({Fault}). Calls fail at once until there is another.")]
    internal static partial void RedisIsLost(this ILogger logger, RedisEndpoint endpoint, RedisFault fault);

    [LoggerMessage(22, LogLevel.Warning, "Redis at {Endpoint} can't be used ({Fault}: {Detail}). Calls fail at once; it is tried again in the background.")]
    internal static partial void RedisCannotBeUsed(this ILogger logger, RedisEndpoint endpoint, RedisFault fault, string detail);

    [LoggerMessage(23, LogLevel.Error, "Redis at {Endpoint} is a node of a Redis Cluster, which this cache does not speak. Name a Redis of its own, with Sentinel if it has to survive; or bring another IDistributedCache.")]
    internal static partial void RedisIsCluster(this ILogger logger, RedisEndpoint endpoint);

    [LoggerMessage(24, LogLevel.Error, "Keeping a connection to Redis failed by a fault of the cache. It is tried again.")]
    internal static partial void RedisKeepingBroke(this ILogger logger, Exception bug);
}

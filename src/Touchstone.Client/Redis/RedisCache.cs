using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Touchstone.Client.Redis;

/// <summary>
/// A cache in Redis 6 or newer, or in what speaks as it does. Every call ends within <see cref="RedisCacheOptions.Timeout"/>, and at once while there is no connection: nothing is queued for later, nothing is tried twice.
/// What comes to nothing is a <see cref="RedisException"/>. Safe for all threads. It connects in the background, beginning when it is made.
/// </summary>
public sealed class RedisCache : IDistributedCache, IAsyncDisposable
{
    private const int MaxKey = 1024;

    private static readonly ReadOnlyMemory<byte> GetVerb = "GET"u8.ToArray(), SetVerb = "SET"u8.ToArray(), DelVerb = "DEL"u8.ToArray(), ExpireVerb = "PEXPIRE"u8.ToArray(), Milliseconds = "PX"u8.ToArray();

    private readonly TimeSpan _timeout, _maxTtl;
    private readonly string _prefix;
    private readonly TimeProvider _time;
    private readonly RedisPool _pool;

    /// <summary>A cache of its own connections.</summary>
    /// <param name="options">Read now, and not again.</param>
    /// <param name="logger">Where changes of the connection are told.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">The options are not what they have to be; the message says all that is wrong.</exception>
    public RedisCache(RedisCacheOptions options, ILogger<RedisCache>? logger = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = RedisCacheOptionsRules.Faults(options);
        if (faults.Count > 0) throw new ArgumentException(string.Join(' ', faults), nameof(options));
        (_timeout, _maxTtl, _prefix, _time) = (options.Timeout, options.MaxTtl, options.KeyPrefix, time ?? TimeProvider.System);
        _pool = new RedisPool(new RedisSettings(options), logger ?? NullLogger<RedisCache>.Instance, _time);
    }

    /// <summary>Whether there is a connection.</summary>
    public bool IsConnected => _pool.Connected.IsCompleted;

    /// <summary>Waits until there is a connection: for a start that wants to wait. Calls never do.</summary>
    public Task WaitUntilConnectedAsync(CancellationToken cancellationToken = default) => _pool.Connected.WaitAsync(cancellationToken);

    /// <summary>Gives a value; null where there is none. An entry with a sliding expiry lives on.</summary>
    /// <exception cref="RedisException">It can't be known.</exception>
    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        var name = NameOf(key);
        var reply = await AskAsync(RespKind.Bulk | RespKind.Null, [GetVerb, name], token);
        if (reply.Bytes is null || RedisEntry.Read(reply.Bytes) is not { } entry) return null;
        if (entry.Sliding <= 0) return entry.Value;
        var ttl = entry.TtlAt(_time.GetUtcNow());
        if (ttl <= 0) return null;
        // Not waited for: the value is there, and one that could not live on is asked for again.
        _ = _pool.Pick()?.SendAsync(RespKind.Integer, ExpireVerb, name, RespWriter.Number(ttl));
        return entry.Value;
    }

    /// <summary>Keeps a value, for as long as the options say and <see cref="RedisCacheOptions.MaxTtl"/> at most. Where it throws, the value may be kept all the same, or may yet come to be.</summary>
    /// <exception cref="RedisException">It is not known to be kept.</exception>
    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(options);
        var name = NameOf(key);
        if (value.Length > RedisEntry.MaxValue) throw new RedisException(RedisFault.TooLarge);
        var now = _time.GetUtcNow();
        var entry = RedisEntry.Of(value, options, _maxTtl, now);
        var ttl = entry.TtlAt(now);
        // What is over already must not leave what was there before.
        if (ttl <= 0) await AskAsync(RespKind.Integer, [DelVerb, name], token);
        else await AskAsync(RespKind.Text, [SetVerb, name, entry.Write(), Milliseconds, RespWriter.Number(ttl)], token);
    }

    /// <summary>Lets an entry with a sliding expiry live on; others are left as they are.</summary>
    /// <exception cref="RedisException">It is not known to live on.</exception>
    public async Task RefreshAsync(string key, CancellationToken token = default)
    {
        var name = NameOf(key);
        var reply = await AskAsync(RespKind.Bulk | RespKind.Null, [GetVerb, name], token);
        if (reply.Bytes is null || RedisEntry.Read(reply.Bytes) is not { Sliding: > 0 } entry) return;
        var ttl = entry.TtlAt(_time.GetUtcNow());
        if (ttl > 0) await AskAsync(RespKind.Integer, [ExpireVerb, name, RespWriter.Number(ttl)], token);
    }

    /// <summary>Removes a value, if there is one.</summary>
    /// <exception cref="RedisException">It is not known to be gone.</exception>
    public async Task RemoveAsync(string key, CancellationToken token = default) => await AskAsync(RespKind.Integer, [DelVerb, NameOf(key)], token);

    /// <summary>As <see cref="GetAsync"/>, and holds the thread for up to <see cref="RedisCacheOptions.Timeout"/>.</summary>
    public byte[]? Get(string key) => Task.Run(() => GetAsync(key)).GetAwaiter().GetResult();

    /// <summary>As <see cref="SetAsync"/>, and holds the thread for up to <see cref="RedisCacheOptions.Timeout"/>.</summary>
    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => Task.Run(() => SetAsync(key, value, options)).GetAwaiter().GetResult();

    /// <summary>As <see cref="RefreshAsync"/>, and holds the thread for up to twice <see cref="RedisCacheOptions.Timeout"/>.</summary>
    public void Refresh(string key) => Task.Run(() => RefreshAsync(key)).GetAwaiter().GetResult();

    /// <summary>As <see cref="RemoveAsync"/>, and holds the thread for up to <see cref="RedisCacheOptions.Timeout"/>.</summary>
    public void Remove(string key) => Task.Run(() => RemoveAsync(key)).GetAwaiter().GetResult();

    /// <summary>Closes the connections. Calls under way, and later ones, fail.</summary>
    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    private ReadOnlyMemory<byte> NameOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var name = Encoding.UTF8.GetBytes(_prefix + key);
        return name.Length <= MaxKey ? name : throw new RedisException(RedisFault.TooLarge);
    }

    private async Task<RespValue> AskAsync(RespKind understood, ReadOnlyMemory<byte>[] command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_pool.Pick() is not { } connection) throw new RedisException(_pool.Why);
        RedisReply reply;
        try
        {
            reply = await connection.SendAsync(understood, command).WaitAsync(_timeout, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new RedisException(RedisFault.Timeout);
        }
        return reply.Fault is { } fault ? throw new RedisException(fault) : reply.Value;
    }
}

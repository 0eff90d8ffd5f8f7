using Microsoft.Extensions.Caching.Distributed;

namespace Touchstone.Client;

/// <summary>
/// A cache that several processes share (Redis, or any <see cref="IDistributedCache"/>): what one was told about a token, the others need not ask. It holds no token: entries have a hash for a name, and are encrypted and authenticated.
/// When it fails or is slow, checks cost its <see cref="Deadline"/> more at most, and soon not even that; nothing else changes.
/// </summary>
public sealed class SharedCacheOptions
{
    /// <summary>The cache; null: that of the container.</summary>
    public IDistributedCache? Cache { get; set; }

    /// <summary>The secret of the processes that share it: 32 bytes or more, from a random source. Whoever knows it can make tokens active.</summary>
    public byte[]? Key { get; set; }

    /// <summary>The secret of before, while it is being changed: entries are read with both and written with <see cref="Key"/>.</summary>
    public byte[]? PreviousKey { get; set; }

    /// <summary>What the names of entries begin with: 1 to 100 visible ASCII characters. Default <c>introspection:v1:</c>.</summary>
    public string KeyPrefix { get; set; } = "introspection:v1:";

    /// <summary>How long a check waits for it at most. From 1 ms to 1 second; default 20 ms.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>For how long it is left alone once half of the calls failed. From 500 ms to 5 minutes; default 2 seconds.</summary>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How old an answer may become in it where the server has no feed. It counts from when the server was asked, by the clocks of the processes. A check whose <see cref="IntrospectionPolicy.PlainTtl"/> is shorter than that of the client gets nothing older than that. From 0 to 1 day; default 60 seconds.</summary>
    public TimeSpan PlainTtl { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>What is wrong with it, all at once.</summary>
    internal IEnumerable<string> Faults()
    {
        if (Cache is null) yield return "SharedCache.Cache must be set, or an IDistributedCache be in the container.";
        if (Key is not { Length: >= 32 }) yield return "SharedCache.Key must be 32 random bytes or more.";
        if (PreviousKey is { Length: < 32 }) yield return "SharedCache.PreviousKey must be 32 random bytes or more.";
        if (KeyPrefix.Length is 0 or > 100 || KeyPrefix.AsSpan().ContainsAnyExceptInRange('!', '~')) yield return "SharedCache.KeyPrefix must be 1 to 100 visible ASCII characters.";
        if (Deadline < TimeSpan.FromMilliseconds(1) || Deadline > TimeSpan.FromSeconds(1)) yield return "SharedCache.Deadline must be from 1 ms to 1 second.";
        if (BreakDuration < TimeSpan.FromMilliseconds(500) || BreakDuration > TimeSpan.FromMinutes(5)) yield return "SharedCache.BreakDuration must be from 500 ms to 5 minutes.";
        if (PlainTtl < TimeSpan.Zero || PlainTtl > TimeSpan.FromDays(1)) yield return "SharedCache.PlainTtl must be from 0 to 1 day.";
    }
}

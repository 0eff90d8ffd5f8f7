using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Client;
using Touchstone.Client.Redis;

namespace Touchstone.Sidecar.Configuration;

/// <summary>A cache that several sidecars share.</summary>
/// <param name="Redis">Where it is. It is connected to when the sidecar starts, and not when its file is read.</param>
/// <param name="Options">How it is used; without the cache itself.</param>
internal sealed record SharedCacheConfig(RedisCacheOptions Redis, SharedCacheOptions Options)
{
    /// <summary>How it is used, there.</summary>
    internal SharedCacheOptions At(RedisCache cache) => new() { Cache = cache, Key = Options.Key, PreviousKey = Options.PreviousKey, KeyPrefix = Options.KeyPrefix, Deadline = Options.Deadline, PlainTtl = Options.PlainTtl };
}

/// <summary>Reads <c>shared_cache</c>.</summary>
internal static class SharedCacheReader
{
    private const int LeastKey = 32;

    internal static SharedCacheConfig Read(ConfigNode node, string? folder)
    {
        var map = node.Map("redis", "password_file", "ca_file", "allow_plaintext", "key_file", "previous_key_file", "key_prefix", "deadline", "plain_ttl");
        var options = new SharedCacheOptions { Key = Use(map.Need("key_file"), folder, Key), PreviousKey = Use(map["previous_key_file"], folder, Key) };
        if (map["key_prefix"]?.Text() is { } prefix) options.KeyPrefix = prefix;
        if (options.KeyPrefix.Length > 100 || options.KeyPrefix.AsSpan().ContainsAnyExceptInRange('!', '~')) map["key_prefix"]!.Fault("It is 1 to 100 visible ASCII characters.");
        if (map["deadline"]?.Duration() is { } deadline) options.Deadline = deadline;
        if (options.Deadline < TimeSpan.FromMilliseconds(1) || options.Deadline > TimeSpan.FromSeconds(1)) map["deadline"]!.Fault("It is from 1ms to 1s.");
        if (map["plain_ttl"]?.Duration() is { } plain) options.PlainTtl = plain;
        if (options.PlainTtl > TimeSpan.FromDays(1)) map["plain_ttl"]!.Fault("It is 1d at most.");
        return new SharedCacheConfig(Redis(map, folder), options);
    }

    private static RedisCacheOptions Redis(ConfigMap map, string? folder)
    {
        var redis = new RedisCacheOptions { AllowPlaintext = map["allow_plaintext"]?.Truth() ?? false, Password = Use(map["password_file"], folder, FromFile.Secret), TrustedRoots = Use(map["ca_file"], folder, Roots) };
        if (map.Need("redis") is not { } node || node.Text() is not { } text) return redis;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url)) redis.Endpoint = url;
        else node.Fault("This is no URL such as rediss://user@redis.example.com:6379/0."); // Not repeated: it may hold a password.
        if (redis.Endpoint is null) return redis;
        foreach (var fault in redis.Faults()) node.Fault(fault);
        return redis;
    }

    private static byte[] Key(string path)
    {
        var key = Convert.FromBase64String(File.ReadAllText(path).Trim());
        return key.Length >= LeastKey ? key : throw new FormatException($"it holds {key.Length} bytes, and {LeastKey} are the least");
    }

    private static X509Certificate2Collection Roots(string path)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(path);
        return roots.Count > 0 ? roots : throw new FormatException("there is no certificate in it");
    }

    private static T? Use<T>(ConfigNode? node, string? folder, Func<string, T> read)
        where T : class
    {
        if (node?.Text() is not { } name || folder is null) return null;
        var path = Path.GetFullPath(name, folder);
        try
        {
            return read(path);
        }
        catch (Exception unfit) when (unfit is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException or FormatException)
        {
            node.Fault(File.Exists(path) ? $"'{name}' can't be used: {unfit.Message}" : $"There is no file '{name}'.");
            return null;
        }
    }
}

using System.Globalization;

namespace Touchstone.Client.Redis;

/// <summary>What options have to be. All that is wrong is said at once, and no value is repeated: one may be a password.</summary>
internal static class RedisCacheOptionsRules
{
    private const int MostSentinels = 16, MaxPrefix = 128, MaxDatabase = 1_000_000;

    internal static IReadOnlyList<string> Faults(RedisCacheOptions options) => [.. Find(options)];

    /// <summary>The database that an address names; 0 where it names none.</summary>
    internal static bool TryReadDatabase(Uri uri, out int database)
    {
        database = 0;
        return uri.AbsolutePath is "" or "/" || (int.TryParse(uri.AbsolutePath.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out database) && database <= MaxDatabase);
    }

    private static IEnumerable<string> Find(RedisCacheOptions options)
    {
        if (options.Endpoint is null == (options.Sentinels.Count == 0)) yield return "Set Endpoint, or Sentinels and ServiceName; one of the two.";
        if (options.Endpoint is { } endpoint)
        {
            if (FaultOf("Endpoint", endpoint, options.AllowPlaintext) is { } fault) yield return fault;
            else if (!TryReadDatabase(endpoint, out _)) yield return "The path of Endpoint must be the number of a database, from 0 to 1,000,000.";
            if (options.User is not null || options.Database != 0 || options.Tls) yield return "User, Database and Tls go with Sentinels; Endpoint has them in it.";
        }
        if (options.Sentinels.Count > MostSentinels) yield return "Sentinels must be 16 at most.";
        foreach (var sentinel in options.Sentinels)
        {
            if (FaultOf("Each of Sentinels", sentinel, options.AllowPlaintext) is { } fault) yield return fault;
            else if (sentinel.AbsolutePath is not ("" or "/")) yield return "Each of Sentinels must have no path.";
        }
        if (string.IsNullOrEmpty(options.ServiceName) != (options.Sentinels.Count == 0)) yield return "Sentinels and ServiceName go together.";
        if (options.Database is < 0 or > MaxDatabase) yield return "Database must be from 0 to 1,000,000.";
        if (options.User is "") yield return "User must not be empty; leave it out for Redis's default.";
        if (options.ClientCertificate is { HasPrivateKey: false }) yield return "ClientCertificate must have its private key.";
        if (options.TrustedRoots is { Count: 0 }) yield return "TrustedRoots must not be empty; leave it out for the system's.";
        if (options.KeyPrefix is null or { Length: > MaxPrefix }) yield return "KeyPrefix must be 128 characters at most.";
        if (!IsWithin(options.MaxTtl, TimeSpan.FromSeconds(1), TimeSpan.FromDays(365))) yield return "MaxTtl must be from 1 second to 365 days.";
        if (options.Connections is < 1 or > 8) yield return "Connections must be from 1 to 8.";
        if (!IsWithin(options.Timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30))) yield return "Timeout must be from 1 ms to 30 seconds.";
        if (!IsWithin(options.ConnectTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1))) yield return "ConnectTimeout must be from 10 ms to 1 minute.";
        if (options.MaxPending is < 1 or > 1_000_000) yield return "MaxPending must be from 1 to 1,000,000.";
    }

    private static string? FaultOf(string name, Uri? uri, bool allowPlaintext)
    {
        if (uri is null || !uri.IsAbsoluteUri || uri.Scheme is not (RedisPeer.PlainScheme or RedisPeer.TlsScheme) || uri.Host.Length == 0) return $"{name} must be redis:// or rediss:// with a host.";
        if (uri.UserInfo.Contains(':')) return $"{name} must have no password in it; set Password or SentinelPassword.";
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0) return $"{name} must have no query and no fragment.";
        if (uri.Scheme == RedisPeer.PlainScheme && !uri.IsLoopback && !allowPlaintext) return $"{name} is redis: passwords and values would go over the wire as they are. Use rediss, or set AllowPlaintext.";
        return null;
    }

    private static bool IsWithin(TimeSpan time, TimeSpan least, TimeSpan most) => time >= least && time <= most;
}

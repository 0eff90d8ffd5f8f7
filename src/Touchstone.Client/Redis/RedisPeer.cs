using System.Globalization;

namespace Touchstone.Client.Redis;

/// <summary>Where a server is.</summary>
internal readonly record struct RedisEndpoint(string Host, int Port)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");
}

/// <summary>A server or a sentinel, and who this cache is there.</summary>
/// <param name="Endpoint">Where it is.</param>
/// <param name="Tls">Whether TLS is spoken.</param>
/// <param name="User">The user; null is the one that Redis calls <c>default</c>.</param>
/// <param name="Password">Asked at each connect; null: none.</param>
internal sealed record RedisPeer(RedisEndpoint Endpoint, bool Tls, string? User, Func<string?>? Password)
{
    internal const string PlainScheme = "redis", TlsScheme = "rediss";

    /// <summary>Reads an address that the rules have let pass.</summary>
    internal static RedisPeer Of(Uri uri, int port, Func<string?>? password) => new(
        new RedisEndpoint(uri.DnsSafeHost, uri.Port > 0 ? uri.Port : port), uri.Scheme == TlsScheme, uri.UserInfo.Length > 0 ? Uri.UnescapeDataString(uri.UserInfo) : null, password);
}

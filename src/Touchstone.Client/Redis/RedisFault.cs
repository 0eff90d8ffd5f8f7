namespace Touchstone.Client.Redis;

/// <summary>Why a call of Redis came to nothing.</summary>
public enum RedisFault
{
    /// <summary>There is no connection, or it broke before the reply came. A new one is being made.</summary>
    NotConnected,

    /// <summary>No reply came within <see cref="RedisCacheOptions.Timeout"/>. What was asked for may still be done.</summary>
    Timeout,

    /// <summary>Too many calls wait already (<see cref="RedisCacheOptions.MaxPending"/>). This one was not sent.</summary>
    Busy,

    /// <summary>User and password are not accepted or could not be had, or the user may not do this (ACL).</summary>
    Refused,

    /// <summary>Redis has no memory left for this (<c>maxmemory</c>).</summary>
    Full,

    /// <summary>The server is a replica: it takes no writes. The primary is looked for.</summary>
    ReadOnly,

    /// <summary>The server is a node of a Redis Cluster, which this cache does not speak.</summary>
    Cluster,

    /// <summary>TLS could not be agreed on, or the certificate is not one to trust; or TLS is missing where it has to be.</summary>
    Tls,

    /// <summary>What came is no reply to what was asked. The connection was closed.</summary>
    Malformed,

    /// <summary>Redis answered with another error: it loads its data, a script keeps it busy, its disk fails.</summary>
    ServerError,

    /// <summary>Key or value are longer than this cache keeps. Nothing was sent.</summary>
    TooLarge,
}

namespace Touchstone.Client.Redis;

/// <summary>A call of Redis came to nothing. It never carries what a server wrote: a server may repeat a password in its error.</summary>
public sealed class RedisException : Exception
{
    internal RedisException(RedisFault fault)
        : base(TextOf(fault)) => Fault = fault;

    /// <summary>Why.</summary>
    public RedisFault Fault { get; }

    private static string TextOf(RedisFault fault) => fault switch
    {
        RedisFault.NotConnected => "There is no connection to Redis.",
        RedisFault.Timeout => "Redis did not answer in time.",
        RedisFault.Busy => "Too many calls wait for Redis already.",
        RedisFault.Refused => "Redis refused the user, or the user may not do this.",
        RedisFault.Full => "Redis has no memory left.",
        RedisFault.ReadOnly => "This Redis is a replica and takes no writes.",
        RedisFault.Cluster => "This Redis is a node of a Redis Cluster, which this cache does not speak.",
        RedisFault.Tls => "TLS with Redis could not be agreed on, its certificate is not one to trust, or TLS is missing where it has to be.",
        RedisFault.Malformed => "What Redis answered is no reply to what was asked.",
        RedisFault.TooLarge => "Key or value are longer than this cache keeps.",
        _ => "Redis answered with an error.",
    };
}

using System.Security.Cryptography.X509Certificates;

namespace Touchstone.Client.Redis;

/// <summary>Which Redis is used, and how long is waited for it. Read once, when the cache is made; only passwords are asked for again.</summary>
public sealed class RedisCacheOptions
{
    /// <summary>
    /// <c>redis://user@host:6379/0</c>, or <c>rediss://…</c> for TLS. The port is 6379, the user Redis's <c>default</c> and the database 0 where they are left out. A password in it is refused: set <see cref="Password"/>.
    /// Either this or <see cref="Sentinels"/>.
    /// </summary>
    public Uri? Endpoint { get; set; }

    /// <summary>Sentinels that know where the primary is, as <c>redis://host:26379</c> or <c>rediss://…</c>; up to 16. They are asked at each connect, one after the other. Default none.</summary>
    public IList<Uri> Sentinels { get; } = [];

    /// <summary>What the sentinels call the primary (<c>sentinel monitor NAME …</c>). Goes with <see cref="Sentinels"/>.</summary>
    public string? ServiceName { get; set; }

    /// <summary>The user (ACL) at a primary that sentinels name. Beside <see cref="Endpoint"/> the user is part of that. Default: Redis's <c>default</c>.</summary>
    public string? User { get; set; }

    /// <summary>The database at a primary that sentinels name, from 0 to 1,000,000; default 0. Beside <see cref="Endpoint"/> it is part of that.</summary>
    public int Database { get; set; }

    /// <summary>Whether a primary that sentinels name is spoken to with TLS. Beside <see cref="Endpoint"/> its scheme says so. Default false.</summary>
    public bool Tls { get; set; }

    /// <summary>Gives the password. Asked at each connect, so that it can change while the process runs; it must answer at once. What it throws counts as a refusal, and is tried again. Null: there is none.</summary>
    public Func<string?>? Password { get; set; }

    /// <summary>Gives the password of the sentinels; their user is part of their addresses. Null: there is none.</summary>
    public Func<string?>? SentinelPassword { get; set; }

    /// <summary>Allows connections without TLS to hosts other than this one. Passwords and values go over the wire as they are then. Default false.</summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>The name that certificates must be for. Default: the host that is connected to.</summary>
    public string? TlsHost { get; set; }

    /// <summary>The roots that certificates must lead to. Null: those of the system. The check itself can't be turned off.</summary>
    public X509Certificate2Collection? TrustedRoots { get; set; }

    /// <summary>The certificate to show, with its private key, where the servers ask for one. Default none.</summary>
    public X509Certificate2? ClientCertificate { get; set; }

    /// <summary>What all keys begin with, so that several may share a Redis and an ACL can say what is whose. Up to 128 characters; default none.</summary>
    public string KeyPrefix { get; set; } = "";

    /// <summary>The longest time that an entry is kept, whatever was asked, and for entries without an expiry. From 1 second to 365 days; default 1 day.</summary>
    public TimeSpan MaxTtl { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How many connections are kept. From 1 to 8; default 1. Calls take them in turn.</summary>
    public int Connections { get; set; } = 1;

    /// <summary>How long a call waits for its reply. From 1 ms to 30 seconds; default 20 ms. A server that leaves a reply out for five times as long, and at least 500 ms, counts as dead: its connection is replaced.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a connect may take, TLS and greeting included; for each server that is tried. From 10 ms to 1 minute; default 1 second.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many calls may wait for their replies on one connection, those included that nobody waits for any more. One more fails at once. From 1 to 1 million; default 10,000.</summary>
    public int MaxPending { get; set; } = 10_000;

    /// <summary>What is wrong with them, all at once; empty where they are what they have to be. A cache is not made of options with faults.</summary>
    public IReadOnlyList<string> Faults() => RedisCacheOptionsRules.Faults(this);
}

namespace Touchstone.Server.Limits;

/// <summary>The limits that protect the server, under <c>Touchstone:Limits</c>. docs/limits.md tells how they work together.</summary>
public sealed class LimitOptions
{
    /// <summary>Requests a second of a client that was registered without a rate of its own, 1 to 1,000,000; 0 for no limit. Default 100.</summary>
    public int ClientRate { get; set; } = 100;

    /// <summary>How many of them may come at once, 1 to 10,000,000. Default 200.</summary>
    public int ClientBurst { get; set; } = 200;

    /// <summary>Failures a second (401, and 400 for what can't be read) after which an address is refused, 1 to 1,000,000; 0 for no limit. An IPv6 network of 64 bits is one address. Default 50.</summary>
    public int AddressFailures { get; set; } = 50;

    /// <summary>How many failures of an address may come at once, 1 to 10,000,000. Default 100.</summary>
    public int AddressFailureBurst { get; set; } = 100;

    /// <summary>The longest that who failed to authenticate again and again is made to wait, 1 s to 1 h; 0 for no wait. Default 1 min.</summary>
    public TimeSpan MaxFailureDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Addresses or CIDR ranges of the proxies in front whose <c>X-Forwarded-For</c> counts. They have to append the address they see. Default none: the header is ignored.</summary>
    public IList<string> TrustedProxies { get; set; } = [];

    /// <summary>How long the body of a form may take to come, 1 s to 10 min; that of an admin request six times as long. Then 408. Default 10 s.</summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the head of a request may take to come, 1 s to 10 min. Then 408. Default 15 s.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may be idle between two requests, 1 s to 1 h. Default 130 s.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>The largest head of a request, in bytes, 4 KiB to 256 KiB. Then 431. Default 32 KiB.</summary>
    public int MaxHeaderBytes { get; set; } = 32 << 10;

    /// <summary>The most open connections, 1 to 1,000,000; 0 for no limit. Further ones are closed. Default 0.</summary>
    public int MaxConnections { get; set; }

    internal IEnumerable<string> Errors()
    {
        if (ClientRate is < 0 or > ClientLimits.MaxRate) yield return "Limits:ClientRate: must be 0 (no limit) to 1000000.";
        if (ClientBurst is < 1 or > ClientLimits.MaxBurst) yield return "Limits:ClientBurst: must be 1 to 10000000.";
        if (AddressFailures is < 0 or > ClientLimits.MaxRate) yield return "Limits:AddressFailures: must be 0 (no limit) to 1000000.";
        if (AddressFailureBurst is < 1 or > ClientLimits.MaxBurst) yield return "Limits:AddressFailureBurst: must be 1 to 10000000.";
        if (MaxFailureDelay != TimeSpan.Zero && !IsWithin(MaxFailureDelay, TimeSpan.FromHours(1))) yield return "Limits:MaxFailureDelay: must be 0 (no wait), or 1 second to 1 hour.";
        if (!IsWithin(BodyTimeout, TimeSpan.FromMinutes(10))) yield return "Limits:BodyTimeout: must be 1 second to 10 minutes.";
        if (!IsWithin(HeadersTimeout, TimeSpan.FromMinutes(10))) yield return "Limits:HeadersTimeout: must be 1 second to 10 minutes.";
        if (!IsWithin(KeepAliveTimeout, TimeSpan.FromHours(1))) yield return "Limits:KeepAliveTimeout: must be 1 second to 1 hour.";
        if (MaxHeaderBytes is < 4 << 10 or > 256 << 10) yield return "Limits:MaxHeaderBytes: must be 4096 (4 KiB) to 262144 (256 KiB).";
        if (MaxConnections is < 0 or > 1_000_000) yield return "Limits:MaxConnections: must be 0 (no limit) to 1000000.";
        foreach (var proxy in TrustedProxies)
        {
            if (AddressRange.Parse(proxy) is null) yield return $"Limits:TrustedProxies: '{proxy}' is not an address or a range such as 10.0.0.7 or 10.0.0.0/24; a range of every address is refused, for it would let anybody claim any address.";
        }
    }

    private static bool IsWithin(TimeSpan time, TimeSpan most) => time >= TimeSpan.FromSeconds(1) && time <= most;
}

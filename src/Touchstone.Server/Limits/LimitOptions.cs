using Touchstone.Server.Settings;

namespace Touchstone.Server.Limits;

/// <summary>The limits that protect the server, under <c>Touchstone:Limits</c>. docs/limits.md tells how they work together.</summary>
public sealed class LimitOptions
{
    /// <summary>Requests a second of a client that was registered without a rate of its own, 1 to 1,000,000; 0 for no limit. Default 100.</summary>
    [Setting(Zero = "no limit", Min = "1", Max = "1000000")]
    public int ClientRate { get; set; } = 100;

    /// <summary>How many of them may come at once, 1 to 10,000,000. Default 200.</summary>
    [Setting(Min = "1", Max = "10000000")]
    public int ClientBurst { get; set; } = 200;

    /// <summary>Failures a second (401, and 400 for what can't be read) after which an address is refused, 1 to 1,000,000; 0 for no limit. An IPv6 network of 64 bits is one address. Default 50.</summary>
    [Setting(Zero = "no limit", Min = "1", Max = "1000000")]
    public int AddressFailures { get; set; } = 50;

    /// <summary>How many failures of an address may come at once, 1 to 10,000,000. Default 100.</summary>
    [Setting(Min = "1", Max = "10000000")]
    public int AddressFailureBurst { get; set; } = 100;

    /// <summary>The longest that who failed to authenticate again and again is made to wait, 1 s to 1 h; 0 for no wait. Default 1 min.</summary>
    [Setting(Zero = "no wait", Min = "1 second", Max = "1 hour")]
    public TimeSpan MaxFailureDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Addresses or CIDR ranges of the proxies in front whose <c>X-Forwarded-For</c> counts. They have to append the address they see. Default none: the header is ignored.</summary>
    [Setting(Range = "addresses or CIDR ranges", Default = "none")]
    public IList<string> TrustedProxies { get; set; } = [];

    /// <summary>How long the body of a form may take to come, 1 s to 10 min; that of an admin request six times as long. Then 408. Default 10 s.</summary>
    [Setting(Min = "1 second", Max = "10 minutes")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the head of a request may take to come, 1 s to 10 min. Then 408. Default 15 s.</summary>
    [Setting(Min = "1 second", Max = "10 minutes")]
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may be idle between two requests, 1 s to 1 h. Default 130 s.</summary>
    [Setting(Min = "1 second", Max = "1 hour")]
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>The largest head of a request, in bytes, 4 KiB to 256 KiB. Then 431. Default 32 KiB.</summary>
    [Setting(Min = "4 KiB", Max = "256 KiB")]
    public int MaxHeaderBytes { get; set; } = 32 << 10;

    /// <summary>The most open connections, 1 to 1,000,000; 0 for no limit. Further ones are closed. Default 0.</summary>
    [Setting(Zero = "no limit", Min = "1", Max = "1000000")]
    public int MaxConnections { get; set; }

    internal IEnumerable<string> Errors()
    {
        foreach (var proxy in TrustedProxies)
        {
            if (AddressRange.Parse(proxy) is null) yield return $"Limits:TrustedProxies: '{proxy}' is not an address or a range such as 10.0.0.7 or 10.0.0.0/24; a range of every address is refused, for it would let anybody claim any address.";
        }
    }
}

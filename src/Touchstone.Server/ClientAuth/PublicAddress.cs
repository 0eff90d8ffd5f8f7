using System.Net;
using System.Net.Sockets;

namespace Touchstone.Server.ClientAuth;

/// <summary>Which addresses lie in the public internet, so that a URL that somebody registered can't lead into our own network (RFC 6890, RFC 8725 §3.10).</summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] Closed =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ]).Select(IPNetwork.Parse),
    ];

    // What is routed at all; and of that, what embeds an IPv4 address (NAT64, 6to4, Teredo) or is for documents.
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] ClosedWithin = [.. ((string[])["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]).Select(IPNetwork.Parse)];

    internal static bool Is(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily is AddressFamily.InterNetwork) return !Array.Exists(Closed, network => network.Contains(address));
        return Global.Contains(address) && !Array.Exists(ClosedWithin, network => network.Contains(address));
    }
}

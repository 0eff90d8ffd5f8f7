using System.Net;

namespace Touchstone.Server.Limits;

/// <summary>Addresses and ranges of them (CIDR) as settings and registrations name them.</summary>
internal static class AddressRange
{
    private const int MappedBits = 96;

    /// <summary>A range, an address as a range of one, or null. A range of half of all addresses and more is none.</summary>
    internal static IPNetwork? Parse(string text)
    {
        // The parser takes "10.1" for an address too, and a zone that means nothing elsewhere.
        if (text.Contains('%', StringComparison.Ordinal) || (!text.Contains(':', StringComparison.Ordinal) && text.Count(c => c == '.') != 3)) return null;
        if (IPAddress.TryParse(text, out var address)) return new IPNetwork(Plain(address), Plain(address).GetAddressBytes().Length * 8);
        if (!IPNetwork.TryParse(text, out var network)) return null;
        if (network.BaseAddress.IsIPv4MappedToIPv6 && network.PrefixLength >= MappedBits) network = new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - MappedBits);
        return network.PrefixLength > 1 ? network : null;
    }

    /// <summary>An IPv4 address that came over an IPv6 socket is an IPv4 address.</summary>
    internal static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    internal static bool Holds(IPNetwork[] ranges, IPAddress? address)
    {
        if (address is null) return false;
        address = Plain(address);
        foreach (var range in ranges)
        {
            if (range.Contains(address)) return true;
        }
        return false;
    }
}

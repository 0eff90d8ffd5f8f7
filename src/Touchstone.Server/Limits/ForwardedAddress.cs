using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Server.Limits;

/// <summary>Who is at the other end of the connection itself, where a trusted proxy told whom it speaks for.</summary>
internal sealed record Peer(IPAddress? Address);

/// <summary>
/// Behind a trusted proxy, and only there, the address of a request is the one in <c>X-Forwarded-For</c>: read from its end, the first that is no trusted proxy. <c>Forwarded</c> and the like are never read.
/// Where the header is missing or can't be read, the address is the proxy's own: in doubt the narrower.
/// </summary>
internal static class ForwardedAddress
{
    /// <summary>Goes before everything that asks for the address; nowhere when no proxy is configured.</summary>
    internal static void UseForwardedAddress(this IApplicationBuilder app, LimitOptions options)
    {
        if (options.TrustedProxies.Count == 0) return;
        IPNetwork[] proxies = [.. options.TrustedProxies.Select(proxy => AddressRange.Parse(proxy)!.Value)];
        app.Use(next => http =>
        {
            var peer = http.Connection.RemoteIpAddress;
            if (AddressRange.Holds(proxies, peer))
            {
                http.Features.Set(new Peer(peer));
                http.Connection.RemoteIpAddress = Resolve(http.Request.Headers["X-Forwarded-For"], peer!, proxies);
            }
            return next(http);
        });
    }

    /// <summary>The address at the other end of the connection.</summary>
    internal static IPAddress? PeerOf(HttpContext http) => http.Features.Get<Peer>() is { } peer ? peer.Address : http.Connection.RemoteIpAddress;

    private static IPAddress Resolve(IReadOnlyList<string?> headers, IPAddress peer, IPNetwork[] proxies)
    {
        var nearest = peer;
        for (var line = headers.Count - 1; line >= 0; line--)
        {
            var hops = (headers[line] ?? "").Split(',');
            for (var hop = hops.Length - 1; hop >= 0; hop--)
            {
                if (Parse(hops[hop].Trim()) is not { } address) return nearest;
                nearest = address;
                if (!AddressRange.Holds(proxies, address)) return nearest;
            }
        }
        return nearest;
    }

    // With or without a port: 192.0.2.1:5000, [2001:db8::1]:5000, 2001:db8::1.
    private static IPAddress? Parse(string text) =>
        IPAddress.TryParse(text, out var address) || (IPEndPoint.TryParse(text, out var end) && (address = end.Address) is not null) ? AddressRange.Plain(address) : null;
}

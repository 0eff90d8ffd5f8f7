using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.Sidecar.Overrides;

/// <summary>
/// Whether a request came by a listener that nobody but operators can reach: a unix socket, one that is on loopback alone, or one to which each peer shows a certificate. One on all addresses is none, also where it is reached
/// over loopback: what stands before it on this machine may have sent it on from elsewhere.
/// </summary>
internal static class OperatorsOnly
{
    internal static bool Reach(HttpContext http)
    {
        var connection = http.Connection;
        if (connection.LocalIpAddress is not { } local) return true;
        if (connection.ClientCertificate is not null) return true;
        var listeners = http.RequestServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return IPAddress.IsLoopback(local) && listeners.Any(address => IsOnLoopback(address, connection.LocalPort));
    }

    private static bool IsOnLoopback(string listener, int port) =>
        Uri.TryCreate(listener, UriKind.Absolute, out var uri) && uri.Port == port && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
}

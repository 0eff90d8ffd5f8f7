using System.Net;
using System.Net.Sockets;

namespace Touchstone.Client.Upstream;

/// <summary>What a failed request says.</summary>
internal static class RequestFailures
{
    /// <summary>Whether the caller was refused what it needs to prove itself: trying as before will not help. A proxy on the way refuses nothing of that.</summary>
    internal static bool IsRefusal(this HttpRequestException failure) =>
        failure.HttpRequestError is not HttpRequestError.ProxyTunnelError && failure.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;

    /// <summary>Whether nothing came, or not all of it. A connection that is reset the moment it stands is told as the socket tells it.</summary>
    internal static bool IsOutOfReach(this Exception failure) => failure is HttpRequestException or IOException or SocketException;
}

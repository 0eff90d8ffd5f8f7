using System.Net;

namespace Touchstone.Client.Upstream;

/// <summary>What a failed request says.</summary>
internal static class RequestFailures
{
    /// <summary>Whether the caller was refused what it needs to prove itself: trying as before will not help. A proxy on the way refuses nothing of that.</summary>
    internal static bool IsRefusal(this HttpRequestException failure) =>
        failure.HttpRequestError is not HttpRequestError.ProxyTunnelError && failure.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
}

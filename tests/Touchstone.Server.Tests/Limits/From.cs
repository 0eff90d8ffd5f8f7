using System.Net;
using System.Net.Http.Headers;

namespace Touchstone.Server.Tests.Limits;

/// <summary>Calls from addresses: those that a trusted proxy tells of, and real ones of loopback.</summary>
internal static class From
{
    /// <summary>Introspects as a proxy that passes on who asks; the server has to trust 127.0.0.1 for it to count.</summary>
    internal static async Task<Answer> IntrospectFromAsync(this TestServer server, string forwardedFor, string token, TestClient caller, string path = OAuthCalls.Introspect)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([new("token", token)]) };
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(caller.Basic);
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwardedFor);
        return await server.OAuth.SendAsync(request);
    }

    /// <summary>Connections that come from an address of this machine.</summary>
    internal static HttpClient Client(Uri server, string address) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = server };
}

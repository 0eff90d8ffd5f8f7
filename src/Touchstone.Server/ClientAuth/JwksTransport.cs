using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Server.ClientAuth;

/// <summary>Reads a <c>jwks_uri</c>, which a stranger may have chosen: https, no redirect, no proxy, a small answer, and no address of our own network, judged when the connection is made so that a second look at the name can't differ.</summary>
internal sealed class JwksTransport : IDisposable
{
    private readonly HttpClient _http;
    private readonly bool _allowsPrivate;

    public JwksTransport(ServerOptions options, JwksTrust trust)
    {
        _allowsPrivate = options.AllowPrivateJwksUris;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = 2,
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = ConnectAsync,
        };
        if (trust.Validation is { } validation) handler.SslOptions.RemoteCertificateValidationCallback = validation;
        // The time is bound by who asks.
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The body of a 200 answer of at most <see cref="KeySet.MaxBytes"/>; throws <see cref="HttpRequestException"/> otherwise.</summary>
    internal async Task<byte[]> GetAsync(Uri uri, CancellationToken cancellationToken)
    {
        if (uri.Scheme != "https" && !(uri.Scheme == "http" && _allowsPrivate)) throw new HttpRequestException("it is not https");
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.Accept.ParseAdd("application/jwk-set+json, application/json");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode is not HttpStatusCode.OK) throw new HttpRequestException($"it answered {(int)response.StatusCode}");

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[KeySet.MaxBytes + 1];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return length <= KeySet.MaxBytes ? buffer[..length] : throw new HttpRequestException($"it is larger than {KeySet.MaxBytes} bytes");
    }

    public void Dispose() => _http.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        if (!_allowsPrivate) addresses = [.. addresses.Where(PublicAddress.Is)];
        if (addresses.Length == 0) throw new HttpRequestException("it has no address in the public internet");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>Which servers of <c>jwks_uri</c> are believed; null for those that the operating system trusts.</summary>
internal sealed record JwksTrust(RemoteCertificateValidationCallback? Validation);

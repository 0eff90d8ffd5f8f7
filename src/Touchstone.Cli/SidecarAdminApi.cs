using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Touchstone.Cli;

/// <summary>The listener of a sidecar for operators: <c>http://127.0.0.1:9081</c>, or <c>unix:/path</c>. It is reached from its own machine, or with a certificate.</summary>
internal sealed class SidecarAdminApi : IDisposable
{
    private const string Unix = "unix:";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _address;
    private readonly HttpClient _http;
    private bool _showsCertificate;

    private SidecarAdminApi(string address, Uri url, SocketsHttpHandler handler) => (_address, _http) = (address, new HttpClient(handler) { BaseAddress = url, Timeout = Patience, MaxResponseContentBufferSize = 1 << 20 });

    /// <summary>The API at an address, or why that is none.</summary>
    /// <param name="address">The address.</param>
    /// <param name="certificate">What is shown to a listener with <c>admin_tls</c>; null: nothing.</param>
    /// <param name="authorities">Whom its own certificate must lead to; null: those of the system.</param>
    internal static Outcome<SidecarAdminApi> At(string address, X509Certificate2? certificate = null, X509Certificate2Collection? authorities = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };
        if (certificate is not null) handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        if (authorities is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        if (address.StartsWith(Unix + "/", StringComparison.Ordinal))
        {
            handler.ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(address[Unix.Length..]), stop);
                return new NetworkStream(socket, ownsSocket: true);
            };
            return new SidecarAdminApi(address, new Uri("http://localhost/"), handler);
        }
        if (Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.PathAndQuery == "/" && url.UserInfo.Length == 0) return new SidecarAdminApi(address.TrimEnd('/'), url, handler) { _showsCertificate = certificate is not null };
        handler.Dispose();
        return Failure.Usage("--admin takes an address such as http://127.0.0.1:9081 or unix:/run/touchstone/admin.sock.");
    }

    internal async Task<Outcome<JsonElement>> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        try
        {
            using var response = await _http.SendAsync(request, stop);
            return AnswerJudge.Judge((int)response.StatusCode, _address, await response.Content.ReadAsByteArrayAsync(stop), "--admin");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return Failure.Unreachable($"no answer from {_address} within {Patience.TotalSeconds:0} s");
        }
        // Either side may have refused the other's certificate, and TLS 1.3 may tell of it no sooner than when the answer is read.
        catch (HttpRequestException failed) when (failed.HttpRequestError is HttpRequestError.SecureConnectionError)
        {
            return Failure.Unreachable($"no secure connection to {_address}: {failed.InnerException?.Message ?? failed.Message} --client-certificate, --client-key and --ca-file say what is shown, and whom to trust");
        }
        // The handshake was done, and whoever wanted a certificate and saw none hung up.
        catch (HttpRequestException failed) when (!_showsCertificate && _address.StartsWith("https:", StringComparison.OrdinalIgnoreCase) && failed.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError))
        {
            return Failure.Unreachable($"{_address} took the connection, and ended it without an answer: it may want --client-certificate and --client-key");
        }
        catch (HttpRequestException failed)
        {
            return Failure.Unreachable($"no answer from {_address}: {failed.Message} Is 'touchstone sidecar' running there? --admin names another address");
        }
    }

    public void Dispose() => _http.Dispose();
}

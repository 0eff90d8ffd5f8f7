using Microsoft.Extensions.Logging.Abstractions;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Upstream;

namespace Touchstone.Client.Tests.Authentication;

/// <summary>What the client makes for a certificate, but for the trust in a server that has only a certificate of its own.</summary>
internal static class Certificates
{
    internal static HttpClient Http(ClientAuthentication caller) =>
        new(new CertificateConnections(caller.Certificate!, () => new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } }, new CallbackFaults(NullLogger.Instance))) { Timeout = Timeout.InfiniteTimeSpan };
}

using System.Security.Cryptography.X509Certificates;
using Touchstone.Client.Authentication;
using Touchstone.Client.Telemetry;

namespace Touchstone.Client.Upstream;

/// <summary>Connections that show the caller's certificate. Another certificate means other connections: those of before end with the requests that they carry.</summary>
internal sealed class CertificateConnections(Func<X509Certificate2> certificate, Func<SocketsHttpHandler> connections, CallbackFaults faults) : HttpMessageHandler
{
    private readonly Lock _one = new();
    private Group? _now;

    private sealed class Group(X509Certificate2 shown, byte[] bytes, HttpMessageInvoker sender)
    {
        internal HttpMessageInvoker Sender => sender;

        internal int UnderWay { get; set; }

        internal bool IsOver { get; set; }

        // By its bytes: the one of before may be disposed by now.
        internal bool Shows(X509Certificate2 other, byte[] its) => ReferenceEquals(shown, other) || bytes.AsSpan().SequenceEqual(its);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var group = Take(Shown());
        try
        {
            // A body that is still read after this keeps its connection; only idle ones are closed with the group.
            return await group.Sender.SendAsync(request, cancellationToken);
        }
        finally
        {
            Return(group);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_one) End();
        }
        base.Dispose(disposing);
    }

    private (X509Certificate2 Certificate, byte[] Bytes) Shown()
    {
        try
        {
            var shown = certificate();
            return (shown, shown.RawData);
        }
        catch (Exception thrown) when (!GuardedAuthentication.IsOutOfReach(thrown))
        {
            faults.Tell(nameof(TokenIntrospectionOptions.Authentication), thrown);
            throw GuardedAuthentication.Refusal();
        }
    }

    private Group Take((X509Certificate2 Certificate, byte[] Bytes) shown)
    {
        lock (_one)
        {
            if (_now?.Shows(shown.Certificate, shown.Bytes) is not true)
            {
                End();
                var handler = connections();
                handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => shown.Certificate;
                handler.SslOptions.AllowTlsResume = false; // A session of before would prove the certificate of before.
                _now = new Group(shown.Certificate, shown.Bytes, new HttpMessageInvoker(handler, disposeHandler: true));
            }
            _now.UnderWay++;
            return _now;
        }
    }

    private void Return(Group group)
    {
        lock (_one)
        {
            if (--group.UnderWay == 0 && group.IsOver) group.Sender.Dispose();
        }
    }

    private void End()
    {
        if (_now is not { } group) return;
        group.IsOver = true;
        if (group.UnderWay == 0) group.Sender.Dispose();
        _now = null;
    }
}

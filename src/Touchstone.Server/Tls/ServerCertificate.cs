using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Tls;

/// <summary>The certificate of one endpoint, or of all that have none of their own: what new handshakes show. Connections keep the one they began with.</summary>
internal sealed class ServerCertificate
{
    private readonly CertificateFile _file;
    private readonly byte[] _first;
    private byte[] _seen;
    private Presented _current;

    internal ServerCertificate(CertificateFile file)
    {
        _file = file;
        _seen = file.Digest();
        _current = Load();
        _first = _current.Context.TargetCertificate.RawData;
    }

    internal string Name => _file.Name;

    /// <summary>The second at which it ends.</summary>
    internal long NotAfter => new DateTimeOffset(Volatile.Read(ref _current).NotAfter).ToUnixTimeSeconds();

    /// <summary>Whether this is the certificate that stood in the files at the start, which is the one that the framework knows.</summary>
    internal bool Was(X509Certificate certificate) => certificate.GetRawCertData().AsSpan().SequenceEqual(_first);

    /// <summary>Puts the current certificate into a handshake.</summary>
    internal void Present(SslServerAuthenticationOptions handshake) => handshake.ServerCertificateContext = Volatile.Read(ref _current).Context;

    /// <summary>Looks at the files; true when there is a new certificate, false when there is something else, null when nothing changed. Told of once each.</summary>
    internal bool? Reload(DateTimeOffset now, ILogger logger)
    {
        try
        {
            var digest = _file.Digest();
            if (digest.AsSpan().SequenceEqual(_seen)) return null;
            _seen = digest;
            var loaded = Load();
            if (loaded.NotAfter <= now.UtcDateTime)
            {
                logger.CertificateRefused(_file.Path, $"it ended at {loaded.NotAfter:u}");
                return false;
            }
            Volatile.Write(ref _current, loaded);
            logger.CertificateLoaded(_file.Name, _file.Path, loaded.NotAfter);
            return true;
        }
        catch (Exception error) when (CertificateFile.IsUnusable(error))
        {
            // Told once. Also while the two files are being written: when both are there, their bytes differ again.
            var isUnread = error is IOException or UnauthorizedAccessException;
            if (isUnread && _seen.Length == 0) return null;
            if (isUnread) _seen = [];
            logger.CertificateRefused(_file.Path, error.Message);
            return false;
        }
    }

    private Presented Load()
    {
        var (leaf, chain) = _file.Read();
        // Offline: a handshake must not wait for somebody else's server.
        return new Presented(SslStreamCertificateContext.Create(leaf, chain, offline: true), leaf.NotAfter.ToUniversalTime());
    }

    private sealed record Presented(SslStreamCertificateContext Context, DateTime NotAfter);
}

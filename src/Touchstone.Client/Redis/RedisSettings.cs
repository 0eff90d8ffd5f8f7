using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Touchstone.Client.Redis;

/// <summary>What the options come to, once the rules have let them pass.</summary>
internal sealed class RedisSettings
{
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(500);

    private readonly string? _tlsHost;
    private readonly X509Certificate2Collection? _roots;
    private readonly SslStreamCertificateContext? _certificate;
    private readonly bool _allowPlaintext;

    internal RedisSettings(RedisCacheOptions options)
    {
        Sentinels = [.. options.Sentinels.Select(uri => RedisPeer.Of(uri, 26379, options.SentinelPassword))];
        (ServiceName, Database) = (options.ServiceName, options.Database);
        Server = new RedisPeer(new RedisEndpoint(ServiceName ?? "", 0), options.Tls, options.User, options.Password);
        if (options.Endpoint is { } endpoint)
        {
            Server = RedisPeer.Of(endpoint, 6379, options.Password);
            RedisCacheOptionsRules.TryReadDatabase(endpoint, out var database);
            Database = database;
        }
        (ConnectTimeout, MaxPending, Connections) = (options.ConnectTimeout, options.MaxPending, options.Connections);
        Patience = options.Timeout * 5 > LeastPatience ? options.Timeout * 5 : LeastPatience;
        (_tlsHost, _roots, _allowPlaintext) = (options.TlsHost, options.TrustedRoots is { } roots ? [.. roots] : null, options.AllowPlaintext);
        _certificate = options.ClientCertificate is { } certificate ? SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true) : null;
    }

    /// <summary>The server; with sentinels, all of it but where it is.</summary>
    internal RedisPeer Server { get; }

    internal IReadOnlyList<RedisPeer> Sentinels { get; }

    internal string? ServiceName { get; }

    internal int Database { get; }

    internal TimeSpan ConnectTimeout { get; }

    internal int MaxPending { get; }

    internal int Connections { get; }

    /// <summary>How old a call may get before its server counts as dead.</summary>
    internal TimeSpan Patience { get; }

    /// <summary>Whether a server may be spoken to as it is. Sentinels can name any host, so this is asked of each.</summary>
    internal bool MayConnect(RedisPeer peer) =>
        peer.Tls || _allowPlaintext || peer.Endpoint.Host == "localhost" || (IPAddress.TryParse(peer.Endpoint.Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>How TLS is spoken with a host: certificates are always checked.</summary>
    internal SslClientAuthenticationOptions TlsWith(string host)
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = _tlsHost ?? host, ClientCertificateContext = _certificate };
        if (_roots is not null)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(_roots);
        }
        return tls;
    }
}

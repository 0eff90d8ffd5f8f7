using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Tls;

/// <summary>
/// The server's certificates from files, read again when the files change. They are looked at and not watched for events: a secret that is mounted is changed by turning a link far above the file,
/// and on some filesystems nothing tells of a change. Kestrel's own reload would close the endpoint with all its connections.
/// </summary>
internal sealed class ServerCertificates : IHostedService, IDisposable
{
    /// <summary>How often the files are looked at.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly IConfiguration _configuration;
    private readonly IReadOnlyList<ServerCertificate> _all;
    private readonly ILogger<ServerCertificates> _logger;
    private readonly TimeProvider _time;
    private ITimer? _timer;
    private long _loaded, _refused;

    public ServerCertificates(IConfiguration configuration, ILogger<ServerCertificates> logger, TimeProvider time)
    {
        _configuration = configuration;
        _logger = logger;
        _time = time;
        _all = [.. CertificateFile.All(configuration).Select(file => new ServerCertificate(file))];
    }

    internal IReadOnlyList<ServerCertificate> All => _all;

    /// <summary>How often a new certificate was taken, and how often there was one that could not be.</summary>
    internal (long Loaded, long Refused) Reloads => (Interlocked.Read(ref _loaded), Interlocked.Read(ref _refused));

    /// <summary>Has every handshake show the current certificate of its endpoint; <paramref name="configure"/> is asked for whatever else holds for https.</summary>
    internal void Attach(KestrelServerOptions kestrel, Action<HttpsConnectionAdapterOptions> configure)
    {
        var common = Find(CertificateFile.DefaultName);
        kestrel.ConfigureHttpsDefaults(https =>
        {
            configure(https);
            Attach(https, common);
        });
        var loader = kestrel.Configure(_configuration.GetSection("Kestrel"), reloadOnChange: false);
        foreach (var section in _configuration.GetSection("Kestrel:Endpoints").GetChildren())
        {
            var isByName = section.GetSection("Sni").GetChildren().Any();
            var own = Find(section.Key) ?? (section["Certificate:Subject"] is null ? common : null);
            loader.Endpoint(section.Key, endpoint =>
            {
                if (!endpoint.IsHttps) return;
                if (isByName) endpoint.HttpsOptions.OnAuthenticate = (_, handshake) => PresentByName(handshake);
                else Attach(endpoint.HttpsOptions, own);
            });
        }
    }

    /// <summary>Looks at the files now.</summary>
    internal void Reload()
    {
        foreach (var certificate in _all)
        {
            if (certificate.Reload(_time.GetUtcNow(), _logger) is not { } isLoaded) continue;
            if (isLoaded) Interlocked.Increment(ref _loaded);
            else Interlocked.Increment(ref _refused);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_all.Count > 0) _timer = _time.CreateTimer(_ => Reload(), null, Interval, Interval);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    // By server name the framework chooses, among the certificates of the start: what it chose tells which file is meant.
    private void PresentByName(SslServerAuthenticationOptions handshake)
    {
        if ((handshake.ServerCertificateContext?.TargetCertificate ?? handshake.ServerCertificate) is not { } chosen) return;
        foreach (var certificate in _all)
        {
            if (!certificate.Was(chosen)) continue;
            certificate.Present(handshake);
            return;
        }
    }

    private ServerCertificate? Find(string name) => _all.FirstOrDefault(certificate => certificate.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static void Attach(HttpsConnectionAdapterOptions https, ServerCertificate? certificate) => https.OnAuthenticate = certificate is null ? null : (_, handshake) => certificate.Present(handshake);
}

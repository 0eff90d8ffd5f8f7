using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

/// <summary>A root of a test, what it issues for 127.0.0.1, and a Redis that shows that and asks for such.</summary>
internal sealed class Authority : IDisposable
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), To = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        Root = request.CreateSelfSigned(From, To);
    }

    internal X509Certificate2 Root { get; }

    internal X509Certificate2 Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var san = new SubjectAlternativeNameBuilder();
        san.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(san.Build());
        using var issued = request.Create(Root, From, To, RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    internal static Uri Tls(RedisServer server) => new UriBuilder(server.Address) { Scheme = "rediss" }.Uri;

    internal Task<RedisServer> StartTlsAsync(TempFolder files)
    {
        using var certificate = Issue("redis");
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(files.File("ca.pem"), Root.ExportCertificatePem());
        File.WriteAllText(files.File("redis.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(files.File("redis.key"), key.ExportPkcs8PrivateKeyPem());
        return RedisServer.StartTlsAsync($"tls-cert-file {files.File("redis.pem")}", $"tls-key-file {files.File("redis.key")}", $"tls-ca-cert-file {files.File("ca.pem")}");
    }

    public void Dispose() => Root.Dispose();
}

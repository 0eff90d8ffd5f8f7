using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary>A certificate authority of a test, and what it issues.</summary>
internal sealed class TestCa
{
    internal const string ForClients = "1.3.6.1.5.5.7.3.2";
    internal const string ForServers = "1.3.6.1.5.5.7.3.1";

    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 _certificate;

    private TestCa(X509Certificate2 certificate) => _certificate = certificate;

    internal string Pem => _certificate.ExportCertificatePem();

    internal static TestCa Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestCa(Authority(name, key).CreateSelfSigned(From, Until));
    }

    internal TestCa Intermediate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestCa(Sign(Authority(name, key), key, Until));
    }

    /// <summary>Whether this root is reached with what a peer sent and nothing else.</summary>
    internal bool Vouches(X509Chain sent)
    {
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true } };
        chain.ChainPolicy.CustomTrustStore.Add(_certificate);
        chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(sent.ChainElements[0].Certificate);
    }

    internal X509Certificate2 ServerCertificate(string name) => Issue(new X500DistinguishedName($"CN={name}"), san => san.AddIpAddress(IPAddress.Loopback), ForServers);

    internal X509Certificate2 Issue(string subject, Action<SubjectAlternativeNameBuilder>? san = null, string usage = ForClients, DateTimeOffset? until = null) =>
        Issue(new X500DistinguishedName(subject), san, usage, until);

    internal X509Certificate2 Issue(X500DistinguishedName subject, Action<SubjectAlternativeNameBuilder>? san = null, string usage = ForClients, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Sign(Leaf(subject, key, san, usage), key, until ?? Until);
    }

    internal static X509Certificate2 SelfSigned(string subject, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Leaf(new X500DistinguishedName(subject), key, null, ForClients).CreateSelfSigned(From, until ?? Until);
    }

    private X509Certificate2 Sign(CertificateRequest request, ECDsa key, DateTimeOffset until)
    {
        using var signed = request.Create(_certificate, From, until, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request;
    }

    private static CertificateRequest Leaf(X500DistinguishedName subject, ECDsa key, Action<SubjectAlternativeNameBuilder>? san, string usage)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (san is null) return request;
        var names = new SubjectAlternativeNameBuilder();
        san(names);
        request.CertificateExtensions.Add(names.Build());
        return request;
    }
}

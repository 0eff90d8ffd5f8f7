using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Touchstone.Sidecar.Tls;

/// <summary>TLS of the listeners: a certificate that follows its files, and perhaps an authority whose certificates peers have to show.</summary>
/// <param name="Certificate">Asked for at each handshake.</param>
/// <param name="ClientAuthorities">Whose certificates count; null: none is asked for.</param>
internal sealed record ListenerTls(Func<X509Certificate2> Certificate, X509Certificate2Collection? ClientAuthorities)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    internal void Apply(HttpsConnectionAdapterOptions https)
    {
        https.ServerCertificateSelector = (_, _) => Certificate();
        if (ClientAuthorities is null) return;
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (certificate, _, _) => IsOfAuthority(certificate);
    }

    // By these authorities alone, and not by those of the machine.
    private bool IsOfAuthority(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(ClientAuthorities!);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate);
    }
}

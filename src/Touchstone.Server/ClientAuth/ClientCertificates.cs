using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Limits;

namespace Touchstone.Server.ClientAuth;

/// <summary>
/// The certificate that a caller shows: to us in TLS, or to a proxy that is trusted to pass it on as <c>Client-Cert</c> (RFC 9440). From a trusted proxy only the header counts,
/// since the certificate of the connection is the proxy's own; from anybody else the header is nothing.
/// </summary>
internal sealed class ClientCertificates(ServerOptions options)
{
    private const string Header = "Client-Cert";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const int MaxHeader = 16 << 10;
    private const int MaxJudged = 1024;
    private const long JudgedFor = 60;

    private readonly IPNetwork[] _proxies = [.. options.ClientCertificates.TrustedProxies.Select(proxy => AddressRange.Parse(proxy)!.Value)];
    private readonly X509Certificate2Collection _roots = options.ClientCertificates.TrustedRoots is { } file ? ClientCertificateRules.Roots(file) : [];

    // Building a chain takes some tenths of a millisecond, and a caller shows the same certificate at every request.
    private readonly ConcurrentDictionary<string, (bool IsTrusted, long Until)> _judged = new(StringComparer.Ordinal);

    /// <summary>The certificate, or why there is none. The caller disposes of it.</summary>
    internal X509Certificate2? Read(HttpContext http, out AuthFailure failure)
    {
        failure = AuthFailure.CertificateMissing;
        // A copy: the connection's own lives as long as the connection.
        if (!AddressRange.Holds(_proxies, ForwardedAddress.PeerOf(http))) return http.Connection.ClientCertificate is { } shown ? X509CertificateLoader.LoadCertificate(shown.RawDataMemory.Span) : null;

        var header = http.Request.Headers[Header];
        if (header.Count == 0) return null;
        failure = AuthFailure.CertificateUnreadable;
        return header.Count == 1 ? Parse(header[0]!) : null;
    }

    /// <summary>Whether what a token is bound to (<c>cnf</c>) comes with the request. A key of DPoP can't be shown here, so a token bound to one is of no use.</summary>
    internal bool Proves(HttpContext http, ReadOnlyMemory<byte> confirmation)
    {
        if (confirmation.IsEmpty) return true;
        using var json = JsonDocument.Parse(confirmation);
        var bound = TokenConfirmation.Read(json.RootElement);
        if (!bound.HasCertificate || bound.HasKey) return false;
        using var certificate = Read(http, out _);
        return certificate is not null && bound.IsCertificate(certificate.GetCertHash(HashAlgorithmName.SHA256));
    }

    /// <summary>Whether one of the configured CAs vouches for it as a client's. Nothing is fetched for that.</summary>
    internal bool IsTrusted(X509Certificate2 certificate, long now)
    {
        if (_roots.Count == 0) return false;
        var name = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        if (_judged.TryGetValue(name, out var judged) && now < judged.Until) return judged.IsTrusted;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        foreach (var root in _roots) (IsRoot(root) ? chain.ChainPolicy.CustomTrustStore : chain.ChainPolicy.ExtraStore).Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = DateTimeOffset.FromUnixTimeSeconds(now).UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        var isTrusted = chain.Build(certificate);
        foreach (var element in chain.ChainElements) element.Certificate.Dispose();

        if (_judged.Count >= MaxJudged) _judged.Clear();
        _judged[name] = (isTrusted, now + JudgedFor);
        return isTrusted;
    }

    internal static bool IsInTime(X509Certificate2 certificate, long now) =>
        now >= new DateTimeOffset(certificate.NotBefore).ToUnixTimeSeconds() && now <= new DateTimeOffset(certificate.NotAfter).ToUnixTimeSeconds();

    private static bool IsRoot(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    // A structured field of one byte sequence: colons around base64 (RFC 9440 §2.1).
    private static X509Certificate2? Parse(string header)
    {
        var text = header.AsSpan().Trim(' ');
        if (text.Length is < 3 or > MaxHeader || text[0] != ':' || text[^1] != ':') return null;
        var der = new byte[text.Length];
        if (text[1..^1].ContainsAny(" \t\r\n") || !Convert.TryFromBase64Chars(text[1..^1], der, out var length)) return null;
        try
        {
            return X509CertificateLoader.LoadCertificate(der.AsSpan(0, length));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

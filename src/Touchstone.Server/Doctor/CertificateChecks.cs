using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Touchstone.Server.Doctor;

/// <summary>Checks of a server certificate, from its files or from a handshake.</summary>
public static class CertificateChecks
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);
    private const int LeastRsa = 2048, LeastCurve = 256;

    /// <summary>Its time, its key and its chain.</summary>
    /// <param name="where">Where it was found, for people.</param>
    /// <param name="certificate">The certificate.</param>
    /// <param name="more">What came with it on the way to its root.</param>
    /// <param name="now">The time.</param>
    public static DoctorCheck Of(string where, X509Certificate2 certificate, X509Certificate2Collection more, DateTimeOffset now)
    {
        const string Renew = "Renew it: the server takes the new files within 10 seconds, without a restart.";
        var until = certificate.NotAfter.ToUniversalTime();
        var name = $"The certificate of {where}";
        if (until <= now.UtcDateTime) return DoctorCheck.Fail("certificate", $"{name} ended on {Day(until)}.", Renew);
        if (certificate.NotBefore.ToUniversalTime() > now.UtcDateTime) return DoctorCheck.Fail("certificate", $"{name} begins only on {Day(certificate.NotBefore)}.", "Use one that is valid now, and compare the clock.");
        if (WeakKey(certificate) is { } weak) return DoctorCheck.Fail("certificate", $"{name} has {weak}.", $"Use RSA with {LeastRsa} bits or more, or a curve of {LeastCurve} bits or more.");
        if (until - now.UtcDateTime < Soon) return DoctorCheck.Warn("certificate", $"{name} ends on {Day(until)}.", Renew);
        if (certificate.Subject == certificate.Issuer) return DoctorCheck.Warn("certificate", $"{name} vouches for itself.", "Have it issued by an authority that callers know.");
        return LeadsToRoot(certificate, more, now)
            ? DoctorCheck.Ok("certificate", $"{name} is good until {Day(until)}, and its chain leads to a root of this system.")
            : DoctorCheck.Warn("certificate", $"{name} is good until {Day(until)}, but its chain leads to no root of this system.", "Put the intermediates behind the certificate in its file; an authority of your own has to be known to callers.");
    }

    private static string? WeakKey(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        if (rsa is not null) return rsa.KeySize < LeastRsa ? $"an RSA key of {rsa.KeySize} bits" : null;
        using var curve = certificate.GetECDsaPublicKey();
        return curve is { KeySize: < LeastCurve } ? $"a key on a curve of {curve.KeySize} bits" : null;
    }

    private static bool LeadsToRoot(X509Certificate2 certificate, X509Certificate2Collection more, DateTimeOffset now)
    {
        using var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true, VerificationTime = now.UtcDateTime } };
        chain.ChainPolicy.ExtraStore.AddRange(more);
        return chain.Build(certificate);
    }

    private static string Day(DateTime time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

using Touchstone.Server.Settings;
using Touchstone.Server.Tls;

namespace Touchstone.Server.Doctor;

/// <summary>Checks of how the server is reached, by its settings.</summary>
internal static class TlsChecks
{
    internal static IEnumerable<DoctorCheck> Of(ServerConfiguration configuration, DateTimeOffset now)
    {
        var plain = ServerOptionsRules.Addresses(configuration.Options, configuration.Root).Where(url => url.StartsWith("http:", StringComparison.OrdinalIgnoreCase)).ToArray();
        yield return plain.Length == 0
            ? DoctorCheck.Ok("tls", "Every address is https.")
            : DoctorCheck.Warn("tls", $"Plain http is served on {string.Join(", ", plain)}.", "A proxy in front has to end TLS, and the way between them has to be private. Without one, configure https. Give --config and the other options of 'serve', if it has any.");
        foreach (var file in CertificateFile.All(configuration.Root))
        {
            if (file.Fault() is { } fault)
            {
                yield return DoctorCheck.Fail("certificate", fault, "Give a certificate with its key that the server's user can read.");
                continue;
            }
            var (leaf, chain) = file.Read();
            using (leaf) yield return CertificateChecks.Of(file.Name == CertificateFile.DefaultName ? $"the default ({file.Path})" : $"the endpoint {file.Name} ({file.Path})", leaf, chain, now);
            if (FileChecks.IsOpenToOthers(file.KeyPath ?? file.Path)) yield return DoctorCheck.Fail("certificate", $"Everybody on this machine can read the private key in {file.KeyPath ?? file.Path}.", "chmod o-rwx, and make a new key if others may have read it.");
        }
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Server.Limits;

namespace Touchstone.Server.ClientAuth;

/// <summary>What the settings of client certificates may be, and their parsed form.</summary>
internal static class ClientCertificateRules
{
    internal static void Check(ClientCertificateOptions options, List<string> errors)
    {
        foreach (var proxy in options.TrustedProxies)
        {
            if (AddressRange.Parse(proxy) is null) errors.Add($"ClientCertificates:TrustedProxies: '{proxy}' is not an address or a range such as 10.0.0.7 or 10.0.0.0/24; a range of every address is refused, for it would let anybody claim any certificate.");
        }
        if (options.TrustedRoots is "") errors.Add("ClientCertificates:TrustedRoots: name a file, or take the setting away.");
        else if (options.TrustedRoots is { } file)
        {
            try
            {
                if (Roots(file).Count == 0) errors.Add($"ClientCertificates:TrustedRoots: {file} holds no certificate in PEM form.");
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
            {
                errors.Add($"ClientCertificates:TrustedRoots: {file} can't be read: {unreadable.Message}");
            }
        }
        if (options.AliasBase is { } alias && !(Uri.TryCreate(alias, UriKind.Absolute, out var uri) && uri.Scheme == "https" && uri.Query.Length + uri.Fragment.Length == 0 && !alias.EndsWith('/')))
            errors.Add("ClientCertificates:AliasBase: must be an absolute https URL without query, fragment and '/' at the end.");
    }

    internal static X509Certificate2Collection Roots(string file)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(file);
        return roots;
    }
}

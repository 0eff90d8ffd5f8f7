using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Touchstone.Server.ClientAuth;

/// <summary>What the settings of client certificates may be, and their parsed form.</summary>
internal static class ClientCertificateRules
{
    internal static void Check(ClientCertificateOptions options, List<string> errors)
    {
        foreach (var proxy in options.TrustedProxies)
        {
            if (Network(proxy) is null) errors.Add($"ClientCertificates:TrustedProxies: '{proxy}' is not an address or a range such as 10.0.0.7 or 10.0.0.0/24; a range of every address is refused, for it would let anybody claim any certificate.");
        }
        if (options.TrustedRoots is { } file)
        {
            try
            {
                if (Roots(file).Count == 0) errors.Add($"ClientCertificates:TrustedRoots: {file} holds no certificate in PEM form.");
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
            {
                errors.Add($"ClientCertificates:TrustedRoots: {file} can't be read: {unreadable.Message}");
            }
        }
        if (options.AliasBase is { } alias && !(Uri.TryCreate(alias, UriKind.Absolute, out var uri) && uri.Scheme == "https" && uri.Query.Length + uri.Fragment.Length == 0 && !alias.EndsWith('/')))
            errors.Add("ClientCertificates:AliasBase: must be an absolute https URL without query, fragment and '/' at the end.");
    }

    /// <summary>A range, an address as a range of one, or null. A range of half of all addresses and more is none.</summary>
    internal static IPNetwork? Network(string text)
    {
        if (IPAddress.TryParse(text, out var address)) return new IPNetwork(Plain(address), Plain(address).GetAddressBytes().Length * 8);
        return IPNetwork.TryParse(text, out var network) && network.PrefixLength > 1 ? network : null;
    }

    internal static X509Certificate2Collection Roots(string file)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(file);
        return roots;
    }

    /// <summary>An IPv4 address that came over an IPv6 socket is an IPv4 address.</summary>
    internal static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Client;
using Touchstone.Sidecar.Tls;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads <c>tls</c>.</summary>
internal static class TlsReader
{
    internal static ListenerTls? Read(ConfigNode node, string? folder)
    {
        var map = node.Map("certificate_file", "key_file", "client_ca_file");
        var (certificate, key, authority) = (FileOf(map.Need("certificate_file"), folder), FileOf(map.Need("key_file"), folder), FileOf(map["client_ca_file"], folder));
        if (certificate is null || key is null) return null;
        if (folder is null) return new ListenerTls(static () => throw SecretReader.Unread, authority is null ? null : []);
        try
        {
            var followed = FromFile.Certificate(certificate, key);
            followed();
            return new ListenerTls(followed, authority is null ? null : Authorities(authority, map["client_ca_file"]!));
        }
        catch (Exception unfit) when (unfit is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            node.Fault($"The certificate or its key can't be used: {unfit.Message}");
            return null;
        }
    }

    private static X509Certificate2Collection Authorities(string file, ConfigNode node)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        if (authorities.Count == 0) node.Fault("There is no certificate in it.");
        return authorities;
    }

    private static string? FileOf(ConfigNode? node, string? folder)
    {
        if (node?.Text() is not { } name) return null;
        if (folder is null) return name;
        var path = Path.GetFullPath(name, folder);
        if (File.Exists(path)) return path;
        node.Fault($"There is no file '{name}'.");
        return null;
    }
}

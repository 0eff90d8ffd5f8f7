using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Touchstone.Server.Tls;

/// <summary>A server certificate in files, as a section of Kestrel's configuration names it: PEM with its key in a file of its own or behind it, or PKCS #12.</summary>
/// <param name="Name">Whose it is: <c>default</c>, the endpoint, or the endpoint and the server name.</param>
/// <param name="Section">The section that names it.</param>
/// <param name="Path">The certificate, and after it what leads to its root.</param>
/// <param name="KeyPath">The private key, where it stands alone.</param>
internal sealed record CertificateFile(string Name, string Section, string Path, string? KeyPath, string? Password)
{
    internal const string DefaultName = "default";

    /// <summary>Every certificate that the configuration names by file.</summary>
    internal static IReadOnlyList<CertificateFile> All(IConfiguration configuration) =>
    [
        .. Of(DefaultName, configuration.GetSection("Kestrel:Certificates:Default")),
        .. configuration.GetSection("Kestrel:Endpoints").GetChildren().SelectMany(endpoint => Of(endpoint.Key, endpoint.GetSection("Certificate"))),
        .. configuration.GetSection("Kestrel:Endpoints").GetChildren().SelectMany(endpoint => endpoint.GetSection("Sni").GetChildren().SelectMany(host => Of($"{endpoint.Key}/{host.Key}", host.GetSection("Certificate")))),
    ];

    /// <summary>The bytes of its files: equal bytes are the same certificate, whatever the times of the files.</summary>
    internal byte[] Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(Path));
        if (KeyPath is not null) hash.AppendData(File.ReadAllBytes(KeyPath));
        return hash.GetHashAndReset();
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="CryptographicException">It is none, or the key is another's.</exception>
    /// <exception cref="IOException">A file can't be read.</exception>
    internal (X509Certificate2 Leaf, X509Certificate2Collection Chain) Read()
    {
        var bytes = File.ReadAllBytes(Path);
        if (!PemEncoding.TryFind(Encoding.Latin1.GetString(bytes), out _))
        {
            var content = X509CertificateLoader.LoadPkcs12Collection(bytes, Password, X509KeyStorageFlags.EphemeralKeySet);
            return Split(content, content.FirstOrDefault(certificate => certificate.HasPrivateKey) ?? throw new CryptographicException("it holds no private key"));
        }
        var pem = Encoding.UTF8.GetString(bytes);
        var key = KeyPath is null ? pem : File.ReadAllText(KeyPath);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        return Split(chain, Password is null ? X509Certificate2.CreateFromPem(pem, key) : X509Certificate2.CreateFromEncryptedPem(pem, key, Password));
    }

    /// <summary>What is wrong with it, or null.</summary>
    internal string? Fault()
    {
        try
        {
            Read().Leaf.Dispose();
            return null;
        }
        catch (Exception error) when (IsUnusable(error))
        {
            return $"{Section}: {(error is CryptographicException or ArgumentException ? $"{Path} is no usable certificate: " : "")}{error.Message}";
        }
    }

    internal static bool IsUnusable(Exception error) => error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private static IEnumerable<CertificateFile> Of(string name, IConfigurationSection section)
    {
        if (section["Path"] is { Length: > 0 } path) yield return new CertificateFile(name, section.Path, path, section["KeyPath"] is { Length: > 0 } key ? key : null, section["Password"]);
    }

    private static (X509Certificate2, X509Certificate2Collection) Split(X509Certificate2Collection all, X509Certificate2 leaf) =>
        (leaf, [.. all.Where(certificate => !certificate.RawDataMemory.Span.SequenceEqual(leaf.RawDataMemory.Span))]);
}

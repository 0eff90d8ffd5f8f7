using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Client.Authentication;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Client;

/// <summary>
/// Secrets, keys and certificates that lie in files and may be rotated there: <c>ClientAuthentication.Basic("rs-orders", FromFile.Secret("/run/secrets/introspection"))</c>. Each file, up to 64 KiB, is read now, and again at
/// the next call after it changed (its time or its length). One that is gone, half written or not what it should be leaves what was read before.
/// </summary>
public static class FromFile
{
    /// <summary>A secret: the text of the file, without the end of its last line.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ArgumentException">It is empty, or too long.</exception>
    public static Func<string> Secret(string path) => new RotatedFiles<string>(static texts => Line(texts[0]), path).Begin().Now;

    /// <summary>A private key in PEM (PKCS#8, or of its own kind; not encrypted).</summary>
    /// <param name="path">The file.</param>
    /// <param name="keyId"><c>kid</c> of a key, made from its public half, so that another key has another one. Null: not said, and the server tries all keys that it knows of the caller.</param>
    /// <param name="algorithm">As at <see cref="AssertionKey"/>.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ArgumentException">It holds no such key.</exception>
    public static Func<AssertionKey> Key(string path, Func<AsymmetricAlgorithm, string>? keyId = null, string? algorithm = null) =>
        new RotatedFiles<AssertionKey>(texts => ReadKey(texts[0], keyId, algorithm), path).Begin().Now;

    /// <summary>A certificate and its private key, in PEM.</summary>
    /// <param name="certificatePath">The certificate; what else stands in the file is not sent.</param>
    /// <param name="keyPath">Its key, not encrypted. Until both files fit together the certificate of before is used.</param>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="ArgumentException">They don't hold a certificate and its key.</exception>
    public static Func<X509Certificate2> Certificate(string certificatePath, string keyPath) =>
        new RotatedFiles<X509Certificate2>(static texts => ReadCertificate(texts[0], texts[1]), certificatePath, keyPath).Begin().Now;

    /// <summary>A private key in PEM that opens encrypted answers (<see cref="TokenIntrospectionOptions.SignedAnswerKeys"/>): RSA, or of P-256, P-384 or P-521.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keyId"><c>kid</c> that the key is registered with. Null: it is tried whatever an answer names.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ArgumentException">It holds no such key.</exception>
    public static Func<DecryptionKey> AnswerKey(string path, string? keyId = null) => new RotatedFiles<DecryptionKey>(texts => ReadAnswerKey(texts[0], keyId), path).Begin().Now;

    private static string Line(string text) => text.TrimEnd('\r', '\n') is { Length: > 0 } line ? line : throw new ArgumentException("The file holds no secret.");

    private static AssertionKey ReadKey(string pem, Func<AsymmetricAlgorithm, string>? keyId, string? algorithm)
    {
        AsymmetricAlgorithm key = Import(ECDsa.Create(), pem) ?? (AsymmetricAlgorithm?)Import(RSA.Create(), pem) ?? throw new ArgumentException("The file holds no EC or RSA key in PEM.");
        return new AssertionKey(key, keyId?.Invoke(key), algorithm);
    }

    private static DecryptionKey ReadAnswerKey(string pem, string? keyId)
    {
        AsymmetricAlgorithm key = Import(ECDiffieHellman.Create(), pem) ?? (AsymmetricAlgorithm?)Import(RSA.Create(), pem) ?? throw new ArgumentException("The file holds no EC or RSA key in PEM.");
        return new DecryptionKey(key, keyId);
    }

    private static T? Import<T>(T key, string pem)
        where T : AsymmetricAlgorithm
    {
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch (Exception other) when (other is ArgumentException or CryptographicException)
        {
            key.Dispose();
            return null; // The framework has no other way to say what kind of key it is.
        }
    }

    private static X509Certificate2 ReadCertificate(string certificate, string key)
    {
        try
        {
            var read = X509Certificate2.CreateFromPem(certificate, key);
            if (!OperatingSystem.IsWindows()) return read;
            // TLS takes no key there that was never in a store or a PKCS#12.
            using (read) return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), password: null);
        }
        catch (CryptographicException unfit)
        {
            throw new ArgumentException("The files hold no certificate and its key in PEM.", unfit);
        }
    }
}

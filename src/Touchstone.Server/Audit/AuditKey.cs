using System.Security.Cryptography;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Audit;

/// <summary>
/// The key that signs checkpoints (ECDSA P-256), and the key of private fields. <c>audit.key</c> holds the first, <c>audit.hmac</c> the second, both with mode 0600;
/// <c>audit.pub</c> holds the public half of every signing key that this folder ever had, newest last. The node's name is the beginning of the fingerprint.
/// </summary>
internal sealed class AuditKey : IDisposable
{
    /// <summary>In a database that nodes share, their public keys stand in settings whose names begin so.</summary>
    internal const string Setting = "audit_key.";

    private const string PrivateFile = "audit.key";
    private const string PublicFile = "audit.pub";
    private const string HmacFile = "audit.hmac";
    internal const int NodeLength = 16;
    private const int HmacSize = 32;

    private readonly ECDsa _key;
    private readonly Lock _lock = new();

    private AuditKey(ECDsa key, byte[] hmac)
    {
        _key = key;
        Hmac = hmac;
        Fingerprint = FingerprintOf(key);
        Node = Fingerprint[..NodeLength];
    }

    /// <summary>SHA-256 of the public key (DER, SubjectPublicKeyInfo), 64 hexadecimal digits.</summary>
    internal string Fingerprint { get; }

    /// <summary>The node's name in its chains.</summary>
    internal string Node { get; }

    internal byte[] Hmac { get; }

    internal string PublicPem => _key.ExportSubjectPublicKeyInfoPem();

    /// <summary>Opens the keys of a data folder; makes those that are missing.</summary>
    internal static AuditKey Open(string folder)
    {
        var path = Path.Combine(folder, PrivateFile);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            if (File.Exists(path)) key.ImportFromPem(File.ReadAllText(path));
            else SecretFile.Write(path, System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            throw new StartupException($"{path} can't be read: {error.Message} Put it back from a backup, or move it away: a new key and a new chain begin then.");
        }
        var hmac = Path.Combine(folder, HmacFile);
        if (!File.Exists(hmac)) SecretFile.Write(hmac, RandomNumberGenerator.GetBytes(HmacSize));
        var secret = File.ReadAllBytes(hmac);
        // With what is left of a key that was cut, hashed values could be guessed.
        if (secret.Length != HmacSize)
            throw new StartupException($"{hmac} has {secret.Length} bytes, and its key has {HmacSize}. Put it back from a backup, or move it away: a new key is made then, and equal values are not recorded as equal to those before it.");
        var opened = new AuditKey(key, secret);
        if (ReadPublic(folder).All(known => known.Fingerprint != opened.Fingerprint)) File.AppendAllText(Path.Combine(folder, PublicFile), opened.PublicPem + "\n");
        return opened;
    }

    /// <summary>The public keys of a data folder: all that verifying needs.</summary>
    internal static IReadOnlyList<AuditPublicKey> ReadPublic(string folder)
    {
        var path = Path.Combine(folder, PublicFile);
        return File.Exists(path) ? ParsePublic(File.ReadAllText(path)) : [];
    }

    internal static IReadOnlyList<AuditPublicKey> ParsePublic(string text)
    {
        var keys = new List<AuditPublicKey>();
        for (var rest = text.AsSpan(); PemEncoding.TryFind(rest, out var field); rest = rest[field.Location.End..])
        {
            var key = ECDsa.Create();
            key.ImportFromPem(rest[field.Location]);
            keys.Add(new AuditPublicKey(key, FingerprintOf(key)));
        }
        return keys;
    }

    /// <summary>The key of private fields, when it may be read.</summary>
    internal static byte[]? ReadHmac(string folder)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, HmacFile));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>ECDSA P-256 with SHA-256, r and s side by side: 64 bytes.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> data)
    {
        lock (_lock) return _key.SignData(data, HashAlgorithmName.SHA256);
    }

    public void Dispose() => _key.Dispose();

    private static string FingerprintOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
}

/// <summary>A key that checkpoints are proven with.</summary>
internal sealed record AuditPublicKey(ECDsa Key, string Fingerprint)
{
    /// <summary>The name of the node that signs with it.</summary>
    internal string Node => Fingerprint[..AuditKey.NodeLength];

    internal bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => Key.VerifyData(data, signature, HashAlgorithmName.SHA256);
}

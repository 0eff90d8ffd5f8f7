using System.Security.Cryptography;
using System.Text;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Clients;

/// <summary>Encrypts the secrets that <c>client_secret_jwt</c> needs in clear (AES-256-GCM). The key is a file of its own (0600) in the data folder, so that a copy of the database alone gives no secret away.</summary>
internal sealed class SecretVault(ServerOptions options)
{
    private const int KeySize = 32, NonceSize = 12, TagSize = 16;

    private const string Advice = "Put it back from a backup, or move it away and give clients of client_secret_jwt new secrets.";

    private readonly Lock _lock = new();
    private byte[]? _key;

    internal string File => Path.Combine(options.Data, "secrets.key");

    internal string Seal(string clientId, ReadOnlySpan<byte> secret)
    {
        var boxed = new byte[NonceSize + secret.Length + TagSize];
        RandomNumberGenerator.Fill(boxed.AsSpan(0, NonceSize));
        using var cipher = new AesGcm(Key(create: true)!, TagSize);
        cipher.Encrypt(boxed.AsSpan(0, NonceSize), secret, boxed.AsSpan(NonceSize, secret.Length), boxed.AsSpan(NonceSize + secret.Length), Encoding.UTF8.GetBytes(clientId));
        return Convert.ToBase64String(boxed);
    }

    /// <summary>The secret in clear, or null when the key is not the one it was sealed with.</summary>
    internal byte[]? Open(string clientId, string boxed)
    {
        var bytes = Convert.FromBase64String(boxed);
        if (Key(create: false) is not { } key || bytes.Length < NonceSize + TagSize) return null;
        var secret = new byte[bytes.Length - NonceSize - TagSize];
        try
        {
            using var cipher = new AesGcm(key, TagSize);
            cipher.Decrypt(bytes.AsSpan(0, NonceSize), bytes.AsSpan(NonceSize, secret.Length), bytes.AsSpan(NonceSize + secret.Length), secret, Encoding.UTF8.GetBytes(clientId));
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>The key itself, for what derives others from it; null where there is none and none may be made.</summary>
    internal byte[]? Secret(bool mayMake) => Key(mayMake);

    private byte[]? Key(bool create)
    {
        lock (_lock)
        {
            if (_key is not null) return _key;
            if (CredentialsFile.Read(File, CredentialsJson.Default.VaultKey, Advice) is { } kept) return _key = Convert.FromBase64String(kept.Key);
            if (!create) return null;
            var key = RandomNumberGenerator.GetBytes(KeySize);
            // On the disk before anything is sealed with it.
            CredentialsFile.Write(File, new VaultKey(Convert.ToBase64String(key)), CredentialsJson.Default.VaultKey);
            return _key = key;
        }
    }
}

/// <summary>The file of the vault's key.</summary>
internal sealed record VaultKey(string Key);

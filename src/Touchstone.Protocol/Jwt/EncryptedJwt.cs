using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Touchstone.Protocol.Jwt;

/// <summary>
/// A signed JWT within an encrypted one, in the compact form (RFC 7516 §7.1, RFC 7519 §5.2). Why our own: the framework has no JWE, and Microsoft.IdentityModel (8.16) knows neither <c>RSA-OAEP-256</c> nor <c>ECDH-ES</c>
/// without key wrapping. So this is small, has two ways for the key and two for the content and no other, leaves all mathematics to the framework, and is tested by the examples of the RFCs and against a library of others.
/// </summary>
public static class EncryptedJwt
{
    /// <summary>The algorithms by which the content key comes to its recipient.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = [EncryptionKey.RsaOaep, EncryptionKey.EcdhEs];

    /// <summary>The algorithms of the content.</summary>
    public static IReadOnlyList<string> Encryptions { get; } = [ContentEncryption.CbcHmac, ContentEncryption.Gcm];

    /// <summary>Encrypts a signed JWT for a recipient.</summary>
    /// <param name="key">The recipient's key.</param>
    /// <param name="encryption">One of <see cref="Encryptions"/>.</param>
    /// <param name="jwt">The signed JWT, in the compact form.</param>
    public static byte[] Encrypt(EncryptionKey key, string encryption, ReadOnlySpan<byte> jwt)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!Encryptions.Contains(encryption)) throw new ArgumentException("It is none of Encryptions.", nameof(encryption));
        var header = new ArrayBufferWriter<byte>(256);
        byte[] contentKey, encryptedKey;
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteString("alg"u8, key.Algorithm);
            json.WriteString("enc"u8, encryption);
            json.WriteString("cty"u8, "JWT"u8);
            if (key.KeyId is { } id) json.WriteString("kid"u8, id);
            contentKey = key.NewContentKey(encryption, json, out encryptedKey);
            json.WriteEndObject();
        }
        // Neither compressed (RFC 8725 §3.6) nor padded.
        var associated = Encode(header.WrittenSpan);
        var iv = RandomNumberGenerator.GetBytes(ContentEncryption.IvBytes(encryption));
        var tag = new byte[ContentEncryption.TagBytes];
        var encrypted = ContentEncryption.Encrypt(encryption, contentKey, iv, associated, jwt, tag);
        CryptographicOperations.ZeroMemory(contentKey);
        return [.. associated, (byte)'.', .. Encode(encryptedKey), (byte)'.', .. Encode(iv), (byte)'.', .. Encode(encrypted), (byte)'.', .. Encode(tag)];
    }

    /// <summary>Whether this has the form of an encrypted JWT: five parts.</summary>
    public static bool IsEncrypted(ReadOnlySpan<byte> jwt) => jwt.Count((byte)'.') == 4;

    /// <summary>Opens an encrypted JWT by one of the keys. What is within was encrypted by anybody: only its signature says by whom (RFC 8725 §3.3). Its length is bound by who calls.</summary>
    public static JwtFault Open(ReadOnlySpan<byte> jwt, IEnumerable<DecryptionKey> keys, [NotNullWhen(true)] out byte[]? signed)
    {
        ArgumentNullException.ThrowIfNull(keys);
        signed = null;
        Span<Range> parts = stackalloc Range[6];
        if (jwt.Length == 0 || Split(jwt, parts) != 5) return JwtFault.Malformed;
        var associated = jwt[parts[0]];
        byte[] encryptedKey = [];
        if (!SignedJwt.TryDecode(associated, out var head) || !SignedJwt.TryParse(head, out var header)) return JwtFault.Malformed;
        if (jwt[parts[1]].Length > 0 && !SignedJwt.TryDecode(jwt[parts[1]], out encryptedKey)) return JwtFault.Malformed;
        if (!SignedJwt.TryDecode(jwt[parts[2]], out var iv) || !SignedJwt.TryDecode(jwt[parts[3]], out var encrypted) || !SignedJwt.TryDecode(jwt[parts[4]], out var tag)) return JwtFault.Malformed;

        if (header.TryGetProperty("crit"u8, out _) || header.TryGetProperty("zip"u8, out _) || header.TryGetProperty("b64"u8, out _)) return JwtFault.Extended;
        if (!string.Equals(Jwk.Text(header, "cty"), "JWT", StringComparison.OrdinalIgnoreCase)) return JwtFault.OtherKind;
        if (Jwk.Text(header, "alg") is not { } algorithm || Jwk.Text(header, "enc") is not { } encryption || !Algorithms.Contains(algorithm) || !Encryptions.Contains(encryption)) return JwtFault.Algorithm;

        var named = Jwk.Text(header, "kid");
        var fault = JwtFault.UnknownKey;
        foreach (var key in keys)
        {
            if (key.Algorithm != algorithm || (named is not null && key.KeyId is not null && key.KeyId != named)) continue;
            fault = JwtFault.Undecryptable;
            if (key.ContentKey(header, encryption, encryptedKey) is not { } contentKey) continue;
            signed = ContentEncryption.Decrypt(encryption, contentKey, iv, associated, encrypted, tag);
            CryptographicOperations.ZeroMemory(contentKey);
            if (signed is not null) return JwtFault.None;
        }
        return fault;
    }

    private static int Split(ReadOnlySpan<byte> jwt, Span<Range> parts)
    {
        var count = 0;
        foreach (var part in jwt.Split((byte)'.'))
        {
            if (count == parts.Length) break;
            parts[count++] = part;
        }
        return count;
    }

    private static byte[] Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToUtf8(bytes);
}

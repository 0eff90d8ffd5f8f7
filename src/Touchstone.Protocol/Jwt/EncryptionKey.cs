using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Touchstone.Protocol.Jwt;

/// <summary>A public key that JWTs can be encrypted for: RSA of 2,048 to 8,192 bits (<c>RSA-OAEP-256</c>), or a point of a NIST curve (<c>ECDH-ES</c>).</summary>
public sealed class EncryptionKey
{
    /// <summary><c>alg</c> of RSA and of curves (RFC 7518 §4.3, §4.6).</summary>
    public const string RsaOaep = "RSA-OAEP-256", EcdhEs = "ECDH-ES";

    private readonly RSAParameters? _rsa;
    private readonly (string Curve, ECParameters Point)? _point;

    private EncryptionKey(string? keyId, RSAParameters? rsa, (string Curve, ECParameters Point)? point)
    {
        (KeyId, _rsa, _point) = (keyId, rsa, point);
        Algorithm = rsa is null ? EcdhEs : RsaOaep;
    }

    /// <summary><c>kid</c>; null where the key has none.</summary>
    public string? KeyId { get; }

    /// <summary>The one algorithm of this key.</summary>
    public string Algorithm { get; }

    /// <summary>
    /// Reads a JWK; null when it is not for encryption, or too weak. It has to say that it is, by <c>use</c> or by <c>alg</c>: a key that signs is no key to encrypt for (RFC 8725 §3.1).
    /// </summary>
    public static EncryptionKey? TryRead(JsonElement key)
    {
        var (use, algorithm, keyId) = (Jwk.Text(key, "use"), Jwk.Text(key, "alg"), Jwk.Text(key, "kid"));
        if (use is null ? algorithm is null : use != "enc") return null;
        if (keyId is { Length: 0 or > SignedJwt.MaxKeyIdLength }) return null;
        if (algorithm is null or RsaOaep && Jwk.MayDo(key, "encrypt", "wrapKey") && Jwk.Rsa(key) is { } rsa) return new EncryptionKey(keyId, rsa, null);
        // Key agreement has operations for private keys only (RFC 7517 §4.3), so of a public one none is asked for.
        if (algorithm is null or EcdhEs && Jwk.Point(key) is { } point) return new EncryptionKey(keyId, null, point);
        return null;
    }

    // The content key and what the recipient needs to have it. For a curve the header gets the public half of a key that is made for this one JWT.
    internal byte[] NewContentKey(string encryption, Utf8JsonWriter header, out byte[] encryptedKey)
    {
        if (_rsa is { } parameters)
        {
            var key = RandomNumberGenerator.GetBytes(ContentEncryption.KeyBytes);
            using var rsa = RSA.Create(parameters);
            encryptedKey = rsa.Encrypt(key, RSAEncryptionPadding.OaepSHA256);
            return key;
        }
        var (curve, point) = _point!.Value;
        using var recipient = ECDiffieHellman.Create(point);
        using var ephemeral = ECDiffieHellman.Create(point.Curve);
        var own = ephemeral.ExportParameters(includePrivateParameters: false).Q;
        header.WriteStartObject("epk"u8);
        header.WriteString("kty"u8, "EC"u8);
        header.WriteString("crv"u8, curve);
        header.WriteString("x"u8, Base64Url.EncodeToString(own.X));
        header.WriteString("y"u8, Base64Url.EncodeToString(own.Y));
        header.WriteEndObject();
        encryptedKey = [];
        return ContentEncryption.Agree(ephemeral, recipient.PublicKey, encryption, default, default);
    }
}

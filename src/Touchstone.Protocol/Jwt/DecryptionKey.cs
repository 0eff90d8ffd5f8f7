using System.Security.Cryptography;
using System.Text.Json;

namespace Touchstone.Protocol.Jwt;

/// <summary>A private key that opens encrypted JWTs. Safe for all threads; the key is not to be disposed of while it is used.</summary>
public sealed class DecryptionKey
{
    private const int LeastRsaBits = 2048;

    private readonly Lock _one = new();
    private readonly RSA? _rsa;
    private readonly ECDiffieHellman? _curve;
    private readonly string? _curveId;

    /// <summary>An RSA key of 2,048 bits or more (<c>RSA-OAEP-256</c>), or one of P-256, P-384 or P-521 (<c>ECDH-ES</c>).</summary>
    /// <param name="key">An <see cref="RSA"/> or an <see cref="ECDiffieHellman"/>, which may live in a vault or a token.</param>
    /// <param name="keyId"><c>kid</c>, up to 256 characters: a JWT that names another is not for this key. Null: it is tried whatever is named.</param>
    /// <exception cref="ArgumentException">The key is of another kind, or too short.</exception>
    public DecryptionKey(AsymmetricAlgorithm key, string? keyId = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (keyId is { Length: 0 or > SignedJwt.MaxKeyIdLength }) throw new ArgumentException("A kid has 1 to 256 characters.", nameof(keyId));
        (KeyId, _rsa, _curve) = (keyId, key as RSA, key as ECDiffieHellman);
        if (_rsa is null && _curve is null) throw new ArgumentException("Give an RSA or an ECDiffieHellman key.", nameof(key));
        if (_rsa is { KeySize: < LeastRsaBits }) throw new ArgumentException("An RSA key has at least 2048 bits (RFC 7518 §4.3).", nameof(key));
        if (_curve is not null && (_curveId = CurveOf(_curve)) is null) throw new ArgumentException("An EC key is of P-256, P-384 or P-521 (RFC 7518 §6.2.1.1).", nameof(key));
        Algorithm = _rsa is null ? EncryptionKey.EcdhEs : EncryptionKey.RsaOaep;
    }

    /// <summary><c>kid</c>; null where it has none.</summary>
    public string? KeyId { get; }

    /// <summary>The one algorithm of this key.</summary>
    public string Algorithm { get; }

    // The content key of a JWT; null where there can't be one.
    internal byte[]? ContentKey(JsonElement header, string encryption, byte[] encryptedKey)
    {
        lock (_one) return _rsa is null ? Agree(header, encryption, encryptedKey) : Unwrap(encryptedKey);
    }

    // RFC 7516 §11.5: whether the key or the content is wrong is not to be told apart, so there is always some key.
    private byte[] Unwrap(byte[] encryptedKey)
    {
        var other = RandomNumberGenerator.GetBytes(ContentEncryption.KeyBytes);
        try
        {
            return _rsa!.Decrypt(encryptedKey, RSAEncryptionPadding.OaepSHA256) is { Length: ContentEncryption.KeyBytes } key ? key : other;
        }
        catch (CryptographicException)
        {
            return other;
        }
    }

    // A point of another curve, or of none, would give the private key away bit by bit (RFC 8725 §3.4).
    private byte[]? Agree(JsonElement header, string encryption, byte[] encryptedKey)
    {
        if (encryptedKey.Length > 0 || !header.TryGetProperty("epk"u8, out var epk) || epk.ValueKind is not JsonValueKind.Object || Jwk.Point(epk) is not { } point || point.Curve != _curveId) return null;
        if (!TryParty(header, "apu"u8, out var partyU) || !TryParty(header, "apv"u8, out var partyV)) return null;
        try
        {
            using var ephemeral = ECDiffieHellman.Create(point.Point);
            return ContentEncryption.Agree(_curve!, ephemeral.PublicKey, encryption, partyU, partyV);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static bool TryParty(JsonElement header, ReadOnlySpan<byte> name, out byte[] party)
    {
        party = [];
        if (!header.TryGetProperty(name, out var value)) return true;
        return value.ValueKind is JsonValueKind.String && value.GetString() is { } text && System.Text.Ascii.IsValid(text) && SignedJwt.TryDecode(System.Text.Encoding.ASCII.GetBytes(text), out party);
    }

    private static string? CurveOf(ECDiffieHellman key) => key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value switch
    {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        _ => null,
    };
}

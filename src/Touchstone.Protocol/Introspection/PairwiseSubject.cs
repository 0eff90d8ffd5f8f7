using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Protocol.Introspection;

/// <summary>
/// Names for subjects that hold within one sector (RFC 7662 §5; OpenID Connect Core §8.1): the same person has the same name there at all times, and two sectors can't tell
/// that their names mean the same person. HMAC-SHA-256 under the server's key over sector, issuer and subject, each preceded by its length.
/// </summary>
public sealed class PairwiseSubject
{
    /// <summary>The size of the key in bytes: 32.</summary>
    public const int KeySize = 32;

    private readonly byte[] _key, _sector;

    /// <summary>Takes 32 random bytes as the key, and the name of the sector.</summary>
    public PairwiseSubject(ReadOnlySpan<byte> key, string sector)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize);
        _key = key.ToArray();
        _sector = Encoding.UTF8.GetBytes(sector);
    }

    /// <summary>The subject's name in this sector: 43 characters of base64url.</summary>
    public string Of(string issuer, string subject)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        Append(mac, _sector);
        Append(mac, Encoding.UTF8.GetBytes(issuer));
        Append(mac, Encoding.UTF8.GetBytes(subject));
        return Base64Url.EncodeToString(mac.GetHashAndReset());
    }

    // The length first: else ("ab", "c") and ("a", "bc") would be one.
    private static void Append(IncrementalHash mac, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        mac.AppendData(length);
        mac.AppendData(part);
    }
}

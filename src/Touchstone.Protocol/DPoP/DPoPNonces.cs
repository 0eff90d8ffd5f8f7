using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Protocol.DPoP;

/// <summary>What a nonce turned out to be.</summary>
public enum DPoPNonceState
{
    /// <summary>Missing, made by somebody else, or over: the client is given another.</summary>
    Bad,

    /// <summary>Good.</summary>
    Good,

    /// <summary>Good, and soon over: a new one goes with the answer.</summary>
    Aging,
}

/// <summary>Nonces of DPoP proofs (RFC 9449 §8, §9) of which nobody keeps a record: the time that they were made, and a MAC over it. Pure.</summary>
/// <param name="key">32 random bytes or more. Whoever has them makes nonces that are good here, so that the processes of an API may share them.</param>
/// <param name="lifetime">How long a nonce is good, in seconds.</param>
public sealed class DPoPNonces(byte[] key, int lifetime = DPoPNonces.Lifetime)
{
    /// <summary>The fewest bytes of a key: 32.</summary>
    public const int MinKeySize = 32;

    /// <summary>How long a nonce is good where nothing else is said, in seconds: 300.</summary>
    public const int Lifetime = 300;

    // By how much the clocks of processes that share a key may differ.
    private const int Leeway = 30;
    private const int TimeSize = 8, MacSize = 16, Size = TimeSize + MacSize;

    /// <summary>A nonce that is good from now on.</summary>
    /// <param name="now">Seconds since 1970.</param>
    public string Create(long now)
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(now, bytes);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Judges the nonce of a proof.</summary>
    /// <param name="nonce">As it came; null: none.</param>
    /// <param name="now">Seconds since 1970.</param>
    public DPoPNonceState Judge(string? nonce, long now)
    {
        Span<byte> told = stackalloc byte[Size], right = stackalloc byte[Size];
        if (nonce is null || nonce.Length != Size / 3 * 4 || !Ascii.IsValid(nonce) || !Base64Url.IsValid(nonce, out var size) || size != Size || !Base64Url.TryDecodeFromChars(nonce, told, out _)) return DPoPNonceState.Bad;
        var made = BinaryPrimitives.ReadInt64BigEndian(told);
        Write(made, right);
        if (!CryptographicOperations.FixedTimeEquals(told, right) || made > now + Leeway || now - made >= lifetime) return DPoPNonceState.Bad;
        return now - made >= lifetime / 2 ? DPoPNonceState.Aging : DPoPNonceState.Good;
    }

    private void Write(long made, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, made);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, bytes[..TimeSize], mac);
        mac[..MacSize].CopyTo(bytes[TimeSize..]);
    }
}

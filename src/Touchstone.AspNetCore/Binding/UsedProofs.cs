using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.DPoP;
using Touchstone.Protocol.Hashing;

namespace Touchstone.AspNetCore.Binding;

/// <summary>What became of using a proof.</summary>
internal enum ProofUse
{
    /// <summary>It was used before, or so long ago that nobody knows.</summary>
    Again,

    /// <summary>It is the first time.</summary>
    First,

    /// <summary>There is no room to remember it, so it can't be used.</summary>
    Full,
}

/// <summary>
/// Sees to it that a proof is used once (RFC 9449 §11.1), in this process. Proofs are known by a MAC of key and <c>jti</c>, in generations by the time that they were made: two generations cover every time that is
/// accepted. What is forgotten is refused, so a clock that goes back lets nothing pass twice.
/// </summary>
/// <param name="window">By how many seconds the time of a proof may lie before or after now.</param>
/// <param name="most">The most that is remembered.</param>
internal sealed class UsedProofs(long window, int most)
{
    private readonly long _span = (2 * window) + 1;
    private readonly KeyedHash _hash = new(RandomNumberGenerator.GetBytes(KeyedHash.KeySize));
    private readonly Lock _lock = new();

    private HashSet<Mac128> _newer = [], _older = [];
    private long _newest = -1;

    /// <summary>Whether a proof was used. Asked before its token is looked at, so that whoever replays a request learns nothing of the token.</summary>
    internal bool Knows(DPoPProof proof)
    {
        var key = KeyOf(proof);
        lock (_lock)
        {
            return GenerationOf(proof, isNew: false) is not { } generation || generation.Contains(key);
        }
    }

    /// <summary>Uses a proof, whose time was found right.</summary>
    internal ProofUse Use(DPoPProof proof)
    {
        var key = KeyOf(proof);
        lock (_lock)
        {
            if (GenerationOf(proof, isNew: true) is not { } generation || generation.Contains(key)) return ProofUse.Again;
            if (_newer.Count + _older.Count >= most) return ProofUse.Full;
            generation.Add(key);
            return ProofUse.First;
        }
    }

    // The generation of a proof; null where it was forgotten.
    private HashSet<Mac128>? GenerationOf(DPoPProof proof, bool isNew)
    {
        var number = proof.IssuedAt / _span;
        if (number > _newest)
        {
            if (!isNew) return [];
            _older = number == _newest + 1 ? _newer : [];
            _newer = [];
            _newest = number;
        }
        return (_newest - number) switch
        {
            0 => _newer,
            1 => _older,
            _ => null,
        };
    }

    // The thumbprint has one length, so no two pairs are the same bytes.
    private Mac128 KeyOf(DPoPProof proof)
    {
        var id = Encoding.UTF8.GetBytes(proof.Id);
        var bytes = new byte[proof.Thumbprint.Length + id.Length];
        proof.Thumbprint.CopyTo(bytes);
        id.CopyTo(bytes, proof.Thumbprint.Length);
        return _hash.Of(bytes);
    }
}

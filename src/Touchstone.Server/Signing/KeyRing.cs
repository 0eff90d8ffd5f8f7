using System.Text;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Signing;

/// <summary>The keys of one moment, immutable: which are published, and which one signs.</summary>
internal sealed class KeyRing
{
    private readonly Dictionary<string, HeldKey[]> _byAlgorithm;

    internal KeyRing(IEnumerable<HeldKey> keys)
    {
        All = [.. keys];
        // The newest first.
        _byAlgorithm = All.GroupBy(key => key.Stored.Algorithm).ToDictionary(group => group.Key, group => group.OrderByDescending(key => key.Stored.Number).ToArray(), StringComparer.Ordinal);
    }

    internal IReadOnlyList<HeldKey> All { get; }

    internal IReadOnlyList<HeldKey> Of(string algorithm) => _byAlgorithm.GetValueOrDefault(algorithm) ?? [];

    /// <summary>The key that signs at this second: the newest that has begun. Where none has, the one that is to begin first: better too early for a cache than not at all.</summary>
    internal SigningKey? Current(string algorithm, long now)
    {
        if (!_byAlgorithm.TryGetValue(algorithm, out var keys)) return null;
        SigningKey? next = null;
        foreach (var (stored, key) in keys)
        {
            if (key is null || stored.RetiredAt is not null || now >= stored.SignsUntil || stored.NeverSigns) continue;
            if (stored.SignsFrom <= now) return key;
            next = key;
        }
        return next;
    }

    /// <summary>What a key is for at this second: <c>next</c>, <c>current</c> or <c>retired</c>.</summary>
    internal string StateOf(HeldKey key, long now) =>
        key.Stored.Kid == Current(key.Stored.Algorithm, now)?.Kid ? "current" : key.Stored is { RetiredAt: null, NeverSigns: false } && key.Stored.SignsFrom > now ? "next" : "retired";

    /// <summary>The newest key that signs or will, where it can't be opened here: a node with another key file made it, and keys are that one's to change.</summary>
    internal HeldKey? Locked(string algorithm, long now)
    {
        foreach (var key in Of(algorithm))
        {
            if (key.IsLocked(now)) return key;
            if (key is { Key: not null, Stored.RetiredAt: null } && !(now >= key.Stored.SignsUntil)) return null;
        }
        return null;
    }

    /// <summary>The number of a key that comes behind these.</summary>
    internal int NextNumber(string algorithm) => Of(algorithm) is [var newest, ..] ? newest.Stored.Number + 1 : 1;

    /// <summary>How many keys of an algorithm are published.</summary>
    internal int Published(string algorithm, long now) => Of(algorithm).Count(key => key.Stored.IsPublished(now));

    /// <summary><c>jwks.json</c> at this second (RFC 7517 §5).</summary>
    internal byte[] WriteSet(long now) => Encoding.UTF8.GetBytes($$"""{"keys":[{{string.Join(',', All.Where(key => key.Stored.IsPublished(now)).Select(key => key.Stored.Jwk))}}]}""");
}

/// <summary>A stored key, and what signs with it; null where its private half is gone or can't be opened.</summary>
internal readonly record struct HeldKey(StoredKey Stored, SigningKey? Key)
{
    /// <summary>Whether it should sign, now or later, and can't be opened.</summary>
    internal bool IsLocked(long now) => Key is null && Stored is { Sealed: not null, RetiredAt: null } && !(now >= Stored.SignsUntil);
}

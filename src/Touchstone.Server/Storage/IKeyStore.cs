namespace Touchstone.Server.Storage;

/// <summary>The keys that sign JWTs, which all nodes share. What is private of one is sealed before it comes here.</summary>
internal interface IKeyStore
{
    /// <summary>Every key that is not forgotten, those of an algorithm in the order of their numbers.</summary>
    ValueTask<IReadOnlyList<StoredKey>> ReadKeysAsync(CancellationToken cancellationToken);

    /// <summary>Adds a key, which takes over from the older ones of its algorithm at its <see cref="StoredKey.SignsFrom"/>; they stay published until <paramref name="olderPublishedUntil"/>. One that was to begin later, or to go on for longer, does not; and one that signs yet and whose successor was retired before it began goes on until then. False, and nothing is written, where somebody was first with this number.</summary>
    Task<bool> AddKeyAsync(StoredKey key, long olderPublishedUntil);

    /// <summary>Retires a key at once: it signs no more, is published no more, and its private half is gone. False where there is no such key, or it was retired before.</summary>
    Task<bool> RetireKeyAsync(string kid, long at);

    /// <summary>Drops the private halves of keys that ended signing before a second, and the keys that were last published before another one; gives how many keys went.</summary>
    Task<int> ForgetKeysAsync(long signedBefore, long publishedBefore);
}

/// <summary>A key as it is stored. Times are seconds since 1970.</summary>
/// <param name="Kid">Its identifier: the thumbprint of its public half.</param>
/// <param name="Algorithm">The one algorithm that it is for.</param>
/// <param name="Number">Its place among the keys of its algorithm: no two have the same, so of nodes that make one together one wins.</param>
/// <param name="CreatedAt">When it was made. It is published from then on.</param>
/// <param name="SignsFrom">When it begins to sign.</param>
/// <param name="Jwk">Its public half (RFC 7517).</param>
internal sealed record StoredKey(string Kid, string Algorithm, int Number, long CreatedAt, long SignsFrom, string Jwk)
{
    /// <summary>When another one takes over; null while none is known.</summary>
    public long? SignsUntil { get; init; }

    /// <summary>Until when it is published: what it signed has expired by then. Null while it has no end.</summary>
    public long? PublishedUntil { get; init; }

    /// <summary>When it was retired by command; null for those that age.</summary>
    public long? RetiredAt { get; init; }

    /// <summary>Its private half, sealed; null when it is gone.</summary>
    public byte[]? Sealed { get; init; }

    /// <summary>Whether nothing yet says when it ends.</summary>
    internal bool IsOpen => SignsUntil is null && RetiredAt is null;

    /// <summary>Whether another takes over before it begins.</summary>
    internal bool NeverSigns => SignsUntil <= SignsFrom;

    /// <summary>Whether others are to believe what it signed.</summary>
    internal bool IsPublished(long now) => RetiredAt is null && !(now >= PublishedUntil);
}

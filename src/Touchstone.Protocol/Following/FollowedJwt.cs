namespace Touchstone.Protocol.Following;

/// <summary>What a JWT is judged by that the server was not asked about.</summary>
/// <param name="Tags">The tags of all that could end it.</param>
/// <param name="Born">The state of the log that it was issued against; null where it does not say.</param>
/// <param name="IssuedAt">When it was issued, as far as that can be relied on; null where it can't.</param>
public readonly record struct FollowedJwt(ulong[] Tags, (Guid Epoch, long Seq)? Born, long? IssuedAt);

/// <summary>What the rows of the log say of a JWT.</summary>
public enum JwtStanding
{
    /// <summary>Not all rows are known that could end it.</summary>
    Unknown,

    /// <summary>A row ends it, or may.</summary>
    Ended,

    /// <summary>No row ends it.</summary>
    Good,
}

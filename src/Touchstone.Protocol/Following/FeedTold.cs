using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Following;

/// <summary>An answer of the feed, read.</summary>
/// <param name="Head">What is known after it.</param>
/// <param name="Events">The rows, in order: their number and the tag of what they end.</param>
/// <param name="Floor">What was judged against less is not to be used any more; null where the events say all.</param>
/// <param name="IsGone">The cursor of the poll was of another life of the log (410): everything that is held goes.</param>
/// <param name="Jwts">By what this caller may judge JWTs; null where it may not.</param>
/// <param name="IsFromStart">It answers a poll for all rows from the first on.</param>
public sealed record FeedTold(LogCursor Head, IReadOnlyList<FeedEvent> Events, long? Floor, bool IsGone, JwtGrounds? Jwts = null, bool IsFromStart = false);

/// <summary>A row of the log as a follower is told of it.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Tag">The tag of what it ends.</param>
/// <param name="Until">What was issued until this second it may end; <see cref="long.MaxValue"/> where it ends for ever, or that was not told.</param>
public readonly record struct FeedEvent(long Seq, ulong Tag, long Until = long.MaxValue);

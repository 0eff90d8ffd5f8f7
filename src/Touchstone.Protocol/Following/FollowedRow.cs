namespace Touchstone.Protocol.Following;

/// <summary>What a follower knows of the rows that have one tag, taken together.</summary>
/// <param name="Seq">The newest of them.</param>
/// <param name="Until">What was issued until this second one of them may end.</param>
internal readonly record struct FollowedRow(long Seq, long Until)
{
    internal FollowedRow With(FollowedRow other) => new(Math.Max(Seq, other.Seq), Math.Max(Until, other.Until));
}

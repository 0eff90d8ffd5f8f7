using Touchstone.Protocol.Revocation;

namespace Touchstone.Protocol.Following;

/// <summary>What a caller needs to judge JWTs by the rows of the log.</summary>
/// <param name="Key">The key of its tags.</param>
/// <param name="ReachSeconds">How long rows are kept, at least, after they were written: one that lives longer may outlive the row that ended it.</param>
public sealed record JwtGrounds(TagKey Key, long ReachSeconds)
{
    internal bool HasKeyOf(JwtGrounds? other) => Key.Text == other?.Key.Text;
}

namespace Touchstone.Protocol.Revocation;

/// <summary>That a row of the revocation log ends a token: which kind of row, and its place in the log. A class, so that it is published in one write.</summary>
/// <param name="Kind">What the row names.</param>
/// <param name="Seq">The row.</param>
public sealed record RevocationMatch(SelectorKind Kind, long Seq);

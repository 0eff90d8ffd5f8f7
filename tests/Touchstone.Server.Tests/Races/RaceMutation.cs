namespace Touchstone.Server.Tests.Races;

/// <summary>What a store, or the code above it, could get wrong: each has to be caught.</summary>
public enum RaceMutation
{
    /// <summary>The product as it is.</summary>
    None,

    /// <summary><c>born</c> is the head of the log when the token is written, not when its basis was judged.</summary>
    BornAtTheWrite,

    /// <summary>An exchanged token forgets what else could end those that it was made from.</summary>
    LineageDropped,

    /// <summary>An exchanged token forgets those that it was made from.</summary>
    AncestorsDropped,

    /// <summary>An exchanged token counts as issued when it was, though those before it were issued earlier.</summary>
    JudgedByItsOwnIssue,

    /// <summary>What a refresh gives begins a family of its own.</summary>
    FamilyReplaced,

    /// <summary>The use of a refresh token is not kept: who comes next wins too.</summary>
    UseForgotten,

    /// <summary>Whether a refresh token was used is read once, and remembered.</summary>
    UseFromMemory,

    /// <summary>A refresh does not learn that its token was ended.</summary>
    RefreshNotJudged,

    /// <summary>A reuse is refused and ends nothing.</summary>
    ReuseWritesNoRow,

    /// <summary>What was read counts as judged against the log as it is when the reader has it.</summary>
    ReadAsOfItsReturn,
}

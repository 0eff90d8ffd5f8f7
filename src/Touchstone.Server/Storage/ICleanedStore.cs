using Touchstone.Protocol.Revocation;

namespace Touchstone.Server.Storage;

/// <summary>What leaves a store. Each call is one write among the others and removes at most as much as it is told to, so that whoever calls decides how long others wait.</summary>
internal interface ICleanedStore
{
    /// <summary>Removes tokens that expired before a second, those that expired first.</summary>
    Task<CleanedBatch> RemoveTokensAsync(long expiredBefore, int most);

    /// <summary>Removes rows of the revocation log that may be forgotten before a second, and says which. Afterwards memory has to drop them too. The newest row stays, whatever its age: readers know by it that the log is still the one they follow.</summary>
    Task<ForgottenRows> ForgetRowsAsync(long forgetBefore, int most);

    /// <summary>A row of the revocation log, or null when it is not there any more.</summary>
    ValueTask<RevocationRow?> FindRowAsync(long seq, CancellationToken cancellationToken);

    /// <summary>Removes used assertions that may be forgotten before a second.</summary>
    Task<CleanedBatch> ForgetAssertionsAsync(long forgetBefore, int most);

    /// <summary>Removes uses of refresh tokens that may be forgotten before a second.</summary>
    Task<CleanedBatch> ForgetRefreshUsesAsync(long forgetBefore, int most);

    /// <summary>Removes what is known of the use of secrets that are gone.</summary>
    Task<CleanedBatch> RemoveSecretUsesAsync(IReadOnlyList<SecretUse> gone);
}

/// <summary>How much a batch removed, and how long it held the writer before the commit that it shares with others.</summary>
internal readonly record struct CleanedBatch(int Count, TimeSpan Held);

/// <summary>The rows that a batch forgot. A cursor below <paramref name="Through"/> is too old for a registration: what it would have to be judged against is gone.</summary>
internal sealed record ForgottenRows(IReadOnlyList<(Selector Selector, long Seq)> Rows, long Through, TimeSpan Held)
{
    /// <summary>A row of one token is forgotten when that token is over, and one of a registration ends none: only the others make old cursors useless.</summary>
    internal static long ThroughOf(IEnumerable<(Selector Selector, long Seq)> rows) =>
        rows.Where(row => row.Selector.Kind is not (SelectorKind.Token or SelectorKind.Registration)).Select(row => row.Seq).DefaultIfEmpty(0).Max();

    /// <summary>The newest of those that end a token: what was made from it before and comes only now would not find them.</summary>
    internal long ThroughTokens => Rows.Where(row => row.Selector.Kind is SelectorKind.Token).Select(row => row.Seq).DefaultIfEmpty(0).Max();
}

using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;

namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>
/// The second use that is forgiven: soon after the first, with the same key, and before what the first gave was used. A client whose answer got lost gets it again. Off by default, since a thief that is as fast is forgiven too;
/// RFC 9700 knows no such period.
/// </summary>
internal sealed class RefreshGrace(ITokenStore store, RefreshSuccessors successors, ServerOptions options, TimeProvider time)
{
    internal async ValueTask<bool> CoversAsync(RefreshUse use, string token, string? proofKey)
    {
        if (!successors.AreDerived || use.ProofKey != proofKey) return false;
        // The first use may have been at a node whose clock is ahead.
        if (Math.Abs(time.GetUtcNow().ToUnixTimeSeconds() - use.UsedAt) > (long)options.RefreshTokens.ReuseGrace.TotalSeconds) return false;
        // One that was random, as it is without a grace period, can't be told again.
        if (TokenHash.Of(successors.Of(token, use.Grant)) != use.Successor) return false;
        return await store.FindRefreshUseAsync(use.Successor, CancellationToken.None) is null;
    }
}

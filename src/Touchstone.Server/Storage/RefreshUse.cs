using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage;

/// <summary>The one use of a refresh token. It is state of the store: read there each time, never cached (design.md §3, 2).</summary>
internal sealed record RefreshUse
{
    /// <summary>The token that was used.</summary>
    internal required TokenHash Token { get; init; }

    /// <summary>When, in seconds since 1970, by the clock of the node that took it.</summary>
    internal required long UsedAt { get; init; }

    /// <summary>The family of what came of it: the token's own, or the one that began with this use.</summary>
    internal required string Grant { get; init; }

    /// <summary>The key that was proven with it; null where none was.</summary>
    internal string? ProofKey { get; init; }

    /// <summary>The refresh token that came in its place.</summary>
    internal required TokenHash Successor { get; init; }

    /// <summary>From when on the token is over anyhow, and nobody needs to know that it was used.</summary>
    internal required long ForgetAfter { get; init; }
}

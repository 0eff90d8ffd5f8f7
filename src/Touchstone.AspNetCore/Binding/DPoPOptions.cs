using Touchstone.Protocol.DPoP;

namespace Touchstone.AspNetCore;

/// <summary>Whether a scheme takes tokens that are bound to a key (DPoP, RFC 9449).</summary>
public enum DPoPMode
{
    /// <summary>Beside plain ones: a token with <c>cnf.jkt</c> only as <c>DPoP</c> with a proof, any other only as <c>Bearer</c>. The default.</summary>
    Allowed,

    /// <summary>Them alone. <c>Bearer</c> is not read.</summary>
    Required,

    /// <summary>Never: the scheme is not read, and a token that is bound to a key is refused.</summary>
    Off,
}

/// <summary>How proofs of DPoP are judged.</summary>
public sealed class DPoPOptions
{
    /// <summary>Whether such tokens are taken. Default <see cref="DPoPMode.Allowed"/>.</summary>
    public DPoPMode Mode { get; set; }

    /// <summary>The algorithms that a proof may have, out of <see cref="DPoPRules.Algorithms"/>. Empty: all of those. Default empty.</summary>
    public IList<string> Algorithms { get; set; } = [];

    /// <summary>By how much the time of a proof (<c>iat</c>) may lie before or after this machine's. From 1 second to 10 minutes, whole seconds; default 60 seconds.</summary>
    public TimeSpan ProofWindow { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The most proofs that are remembered, so that none is used twice: those of some two to four windows, 40 bytes each. When there are more the API answers 503. From 1,000 to 100 million; default 1 million.</summary>
    public int MaxProofs { get; set; } = 1_000_000;

    /// <summary>Whether a proof needs a nonce that this API gave (RFC 9449 §9). Default false.</summary>
    public bool RequireNonce { get; set; }

    /// <summary>The key of nonces, at least 32 random bytes (base64 in a configuration), where several processes answer for one API. Default null: random for each process.</summary>
    public byte[]? NonceKey { get; set; }

    /// <summary>Scheme, host and path before which clients see this API, where a proxy hides it: <c>https://api.acme.test/orders</c>. Default null: those of the request.</summary>
    public Uri? ExternalBase { get; set; }

    internal IReadOnlyList<string> EffectiveAlgorithms => Algorithms.Count == 0 ? DPoPRules.Algorithms : [.. Algorithms];

    internal IEnumerable<string> Faults()
    {
        if (!Enum.IsDefined(Mode)) yield return "DPoP.Mode is none of Allowed, Required and Off.";
        foreach (var algorithm in Algorithms)
        {
            if (!DPoPRules.Algorithms.Contains(algorithm)) yield return $"DPoP.Algorithms: '{algorithm}' is none of {string.Join(", ", DPoPRules.Algorithms)}.";
        }
        if (ProofWindow < TimeSpan.FromSeconds(1) || ProofWindow > TimeSpan.FromMinutes(10) || ProofWindow.Ticks % TimeSpan.TicksPerSecond != 0) yield return "DPoP.ProofWindow must be from 1 second to 10 minutes, in whole seconds.";
        if (MaxProofs is < 1000 or > 100_000_000) yield return "DPoP.MaxProofs must be from 1,000 to 100,000,000.";
        if (NonceKey is { Length: < DPoPNonces.MinKeySize }) yield return "DPoP.NonceKey must have 32 bytes or more.";
        if (ExternalBase is { } uri && !(uri.IsAbsoluteUri && uri.Scheme is "https" or "http" && uri.UserInfo.Length + uri.Query.Length + uri.Fragment.Length == 0)) yield return "DPoP.ExternalBase must be an absolute URL without user, query and fragment.";
    }
}

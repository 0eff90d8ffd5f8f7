using Touchstone.Protocol.DPoP;
using Touchstone.Server.Settings;

namespace Touchstone.Server.TokenIssue;

/// <summary>How proofs of DPoP (RFC 9449) are judged at the token endpoint. Under <c>Touchstone:DPoP</c>.</summary>
public sealed class DPoPProofOptions
{
    /// <summary>By how much the time of a proof (<c>iat</c>) may lie before or after this machine's, 1 s to 10 min. Default 60 s.</summary>
    [Setting(Min = "1 second", Max = "10 minutes")]
    public TimeSpan ProofWindow { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether a proof needs a nonce that this server gave (RFC 9449 §8). The first request of a client is then answered 400 <c>use_dpop_nonce</c>. Default false.</summary>
    public bool RequireNonce { get; set; }

    /// <summary>How long a nonce is good, 30 s to 1 h. Default 5 min. Every node accepts those of the others.</summary>
    [Setting(Min = "30 seconds", Max = "1 hour")]
    public TimeSpan NonceLifetime { get; set; } = TimeSpan.FromSeconds(DPoPNonces.Lifetime);
}

using Touchstone.Protocol.DPoP;

namespace Touchstone.Server.TokenIssue;

/// <summary>The nonces of DPoP proofs. Their key is a secret of the installation, so that every node knows those of the others.</summary>
internal sealed class ProofNonces(ServerOptions options)
{
    private DPoPNonces? _nonces;

    /// <summary>Whether a proof needs one.</summary>
    internal bool AreRequired => options.DPoP.RequireNonce;

    /// <summary>Takes the key, before the first request.</summary>
    internal void Use(byte[] key) => _nonces = new DPoPNonces(key, (int)options.DPoP.NonceLifetime.TotalSeconds);

    internal bool IsGood(string? nonce, long now) => _nonces!.Judge(nonce, now) is not DPoPNonceState.Bad;

    internal string Create(long now) => _nonces!.Create(now);
}

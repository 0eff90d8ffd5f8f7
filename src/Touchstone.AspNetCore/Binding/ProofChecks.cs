using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Touchstone.Protocol.DPoP;

namespace Touchstone.AspNetCore.Binding;

/// <summary>
/// Judges the proofs of a scheme (RFC 9449 §7.1). All that does not depend on the token being active comes before it is looked at, so a bad proof gets the same answer beside a good token as beside any other text.
/// </summary>
internal sealed class ProofChecks(DPoPOptions options, TimeProvider time)
{
    private readonly IReadOnlyList<string> _algorithms = options.EffectiveAlgorithms;
    private readonly long _window = (long)options.ProofWindow.TotalSeconds;
    private readonly UsedProofs _used = new((long)options.ProofWindow.TotalSeconds, options.MaxProofs);
    private readonly DPoPNonces _nonces = new(options.NonceKey ?? RandomNumberGenerator.GetBytes(DPoPNonces.MinKeySize));

    private long Now => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Judges the proof of a request for a token.</summary>
    /// <param name="request">The request.</param>
    /// <param name="token">The token beside it.</param>
    /// <param name="proof">The proof, where there is no fault.</param>
    /// <param name="nonce">What its nonce is; good where none is asked for.</param>
    internal DPoPFault Judge(HttpRequest request, ReadOnlySpan<char> token, out DPoPProof? proof, out DPoPNonceState nonce)
    {
        nonce = DPoPNonceState.Good;
        var fault = Read(request.Headers["DPoP"], out proof);
        if (proof is null) return fault;
        fault = DPoPRules.Judge(proof, _algorithms, request.Method, UriOf(request), token, Now, _window);
        if (fault is DPoPFault.None && _used.Knows(proof)) fault = DPoPFault.Replayed;
        if (fault is DPoPFault.None && options.RequireNonce) nonce = _nonces.Judge(proof.Nonce, Now);
        return fault;
    }

    /// <summary>Uses a proof up. Only what was found good beside a good token is remembered: nobody fills the memory with keys that he made for it.</summary>
    internal ProofUse Use(DPoPProof proof) => _used.Use(proof);

    internal string NewNonce() => _nonces.Create(Now);

    private static DPoPFault Read(StringValues header, out DPoPProof? proof)
    {
        proof = null;
        return header.Count == 1 ? DPoPProof.TryRead(header.ToString(), out proof) : DPoPFault.Count;
    }

    // As the client sees it, and as it was sent: what the server decoded can't be told from what was never encoded.
    private string UriOf(HttpRequest request)
    {
        var raw = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget;
        var path = raw is ['/', ..] ? raw : (request.PathBase + request.Path).ToUriComponent();
        if (options.ExternalBase is { } external) return external.GetLeftPart(UriPartial.Authority) + external.AbsolutePath.TrimEnd('/') + path;
        var prefix = request.PathBase.ToUriComponent();
        return $"{request.Scheme}://{request.Host.ToUriComponent()}{(path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? "" : prefix)}{path}";
    }
}

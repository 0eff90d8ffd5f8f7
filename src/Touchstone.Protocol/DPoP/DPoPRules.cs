using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Protocol.DPoP;

/// <summary>What a DPoP proof has to be (RFC 9449 §4.3): pure. Single use, the nonce, and to which key the token is bound are judged elsewhere.</summary>
public static class DPoPRules
{
    /// <summary>The algorithms that a proof may have, in the order they are advertised.</summary>
    public static IReadOnlyList<string> Algorithms => ClientAssertionRules.Asymmetric;

    /// <summary>Judges a proof. What is cheap comes first, the signature last: whatever is wrong, the caller is told the same.</summary>
    /// <param name="proof">The proof.</param>
    /// <param name="algorithms">Those that are accepted here.</param>
    /// <param name="method">The method of the request, with regard to case.</param>
    /// <param name="uri">The URI of the request as the client sees it; query and fragment don't count.</param>
    /// <param name="token">The access token beside the proof; empty where there is none (at a token endpoint).</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="window">By how many seconds <c>iat</c> may lie before or after now.</param>
    public static DPoPFault Judge(DPoPProof proof, IReadOnlyList<string> algorithms, string method, string uri, ReadOnlySpan<char> token, long now, long window)
    {
        if (!algorithms.Contains(proof.Algorithm)) return DPoPFault.Algorithm;
        if (!string.Equals(proof.Method, method, StringComparison.Ordinal)) return DPoPFault.Method;
        if (!HttpUri.AreSame(proof.Uri, uri)) return DPoPFault.Uri;
        if (proof.IssuedAt < now - window || proof.IssuedAt > now + window) return DPoPFault.Time;
        if (!token.IsEmpty && !proof.IsFor(token)) return DPoPFault.Token;
        return proof.IsSigned() ? DPoPFault.None : DPoPFault.Signature;
    }
}

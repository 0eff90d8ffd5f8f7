using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.DPoP;
using Touchstone.Protocol.Tokens;

namespace Touchstone.AspNetCore.Binding;

/// <summary>Whether a token comes from whom it is bound to (<c>cnf</c>). Asked at every check, from memory or not.</summary>
internal static class SenderBinding
{
    /// <summary>Starts from refusing: the key of the token is that of the proof, the certificate that of the connection, and neither is missing or left over.</summary>
    /// <param name="bound">To what the token is bound; null: to nothing.</param>
    /// <param name="proof">The proof of the request, judged; null: it was no request of the DPoP scheme.</param>
    /// <param name="http">Whose connection the certificate comes from. Headers are nothing.</param>
    internal static bool Holds(TokenConfirmation? bound, DPoPProof? proof, HttpContext http)
    {
        if (bound is null) return proof is null;
        if (!bound.IsUnderstood || bound.HasKey != proof is not null) return false;
        if (proof is not null && !bound.IsKey(proof.Thumbprint)) return false;
        return !bound.HasCertificate || IsShown(bound, http.Connection);
    }

    private static bool IsShown(TokenConfirmation bound, ConnectionInfo connection)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        return connection.ClientCertificate is { } certificate && certificate.TryGetCertHash(HashAlgorithmName.SHA256, hash, out _) && bound.IsCertificate(hash);
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.DPoP;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.TokenIssue;

/// <summary>
/// To what the tokens of a request are bound: the key of a DPoP proof (RFC 9449 §5), and for a client that is registered so the certificate of its connection (RFC 8705 §3). What is bound is worthless to whoever only copies it.
/// </summary>
internal sealed class TokenBinding(ClientCertificates certificates, ProofNonces nonces, ICallerStore uses, ServerOptions options, ILogger<TokenBinding> logger, TimeProvider time)
{
    private const string Header = "DPoP", NonceHeader = "DPoP-Nonce";

    // The clocks of nodes may differ by this much, and a use is not forgotten where another node would still take the proof.
    private const long Leeway = 600;

    // As the outside sees it, whatever a proxy in front made of it.
    private readonly string _endpoint = options.EffectiveIssuer + "/oauth/token";
    private readonly string? _alias = options.ClientCertificates.AliasBase is { } alias ? alias + "/oauth/token" : null;
    private readonly long _window = (long)options.DPoP.ProofWindow.TotalSeconds;

    /// <summary>Judges what was presented, and says in the request to what its tokens are bound. An error where they can't be bound as they have to be.</summary>
    internal OAuthError? Judge(TokenRequest request)
    {
        // 1. The certificate, which costs nothing. Anybody's will do: it is bound to, not trusted.
        var grants = request.Client.Registration.Grants;
        if (!TryReadCertificate(request, out var certificate) && grants?.TlsClientCertificateBoundAccessTokens is true)
            return OAuthError.InvalidRequest.With("The tokens of this client are bound to a certificate: show one that is in time.");

        // 2. The proof. The grant uses it up, once it knows that there is something to be had with it.
        ReadOnlyMemory<byte> key = default;
        if (request.Exchange.Http.Request.Headers.ContainsKey(Header))
        {
            var now = time.GetUtcNow().ToUnixTimeSeconds();
            // Good or not: the next proof is made with this one (RFC 9449 §8.2).
            if (nonces.AreRequired) request.Exchange.Http.Response.Headers[NonceHeader] = nonces.Create(now);
            if (Read(request, out var proof) is var fault and not DPoPFault.None) return Refuse(request, fault);
            if (nonces.AreRequired && !nonces.IsGood(proof!.Nonce, now)) return OAuthError.UseDPoPNonce;
            request.UnusedProof = proof;
            key = proof!.Thumbprint.ToArray();
        }
        else if (grants?.DpopBoundAccessTokens is true) return Refuse(request, DPoPFault.Count);

        request.Presented = new PresentedKeys(key, certificate);
        request.Confirmation = BindingRules.Confirm(new PresentedKeys(key, grants?.TlsClientCertificateBoundAccessTokens is true ? certificate : default));
        return null;
    }

    /// <summary>Uses up the proof of a request, if it has one: an error where it was used before. Called by a grant when the client has shown more than a name, for this writes into the store.</summary>
    internal async ValueTask<OAuthError?> UseProofAsync(TokenRequest request)
    {
        if (request.UnusedProof is not { } proof) return null;
        if (!await uses.UseAssertionAsync(KeyOf(proof), proof.IssuedAt + _window + Leeway)) return Refuse(request, DPoPFault.Replayed);
        request.UnusedProof = null;
        return null;
    }

    private bool TryReadCertificate(TokenRequest request, out ReadOnlyMemory<byte> hash)
    {
        hash = default;
        using var certificate = certificates.Read(request.Exchange.Http, out _);
        if (certificate is null || !ClientCertificates.IsInTime(certificate, time.GetUtcNow().ToUnixTimeSeconds())) return false;
        hash = certificate.GetCertHash(HashAlgorithmName.SHA256);
        return true;
    }

    private DPoPFault Read(TokenRequest request, out DPoPProof? proof)
    {
        proof = null;
        var header = request.Exchange.Http.Request.Headers[Header];
        if (header.Count != 1) return DPoPFault.Count;
        var fault = DPoPProof.TryRead(header.ToString(), out proof);
        if (proof is null) return fault;
        var uri = _alias is not null && HttpUri.AreSame(proof.Uri, _alias) ? _alias : _endpoint;
        return DPoPRules.Judge(proof, DPoPRules.Algorithms, "POST", uri, default, time.GetUtcNow().ToUnixTimeSeconds(), _window);
    }

    private OAuthError Refuse(TokenRequest request, DPoPFault fault)
    {
        logger.ProofRefused(request.Client.Id, fault, RequestIds.Of(request.Exchange.Http));
        return OAuthError.InvalidDPoPProof;
    }

    // Apart from the uses of assertions, whose text begins with the length of a client identifier: no length is this. The address needs no place in it: proofs for both names of this endpoint are used up alike.
    private static byte[] KeyOf(DPoPProof proof)
    {
        var id = Encoding.UTF8.GetBytes(proof.Id);
        var text = new byte[sizeof(uint) + proof.Thumbprint.Length + id.Length];
        BinaryPrimitives.WriteUInt32BigEndian(text, uint.MaxValue);
        proof.Thumbprint.CopyTo(text.AsSpan(sizeof(uint)));
        id.CopyTo(text, sizeof(uint) + proof.Thumbprint.Length);
        return SHA256.HashData(text);
    }
}

using Touchstone.Protocol.Jwt;
using Touchstone.Server.Signing;

namespace Touchstone.Server.Clients;

/// <summary>How the signed answers of a client may be registered (RFC 9701 §6).</summary>
internal static class ResponseRules
{
    /// <summary>What holds for who registered nothing.</summary>
    internal const string DefaultSigning = SigningKey.Rs256, DefaultEncryption = "A128CBC-HS256";

    /// <summary>Every error, as member and detail. Whether there is a key to encrypt for is among those of the keys.</summary>
    internal static IEnumerable<(string Member, string Detail)> Errors(ClientRegistration client)
    {
        var (signing, algorithm, encryption) = (client.IntrospectionSignedResponseAlg, client.IntrospectionEncryptedResponseAlg, client.IntrospectionEncryptedResponseEnc);
        if (signing is not null && !SigningKey.Algorithms.Contains(signing)) yield return ("introspection_signed_response_alg", $"must be {string.Join(" or ", SigningKey.Algorithms)}");
        if (algorithm is not null && !EncryptedJwt.Algorithms.Contains(algorithm)) yield return ("introspection_encrypted_response_alg", $"must be {string.Join(" or ", EncryptedJwt.Algorithms)}");
        if (encryption is not null && !EncryptedJwt.Encryptions.Contains(encryption)) yield return ("introspection_encrypted_response_enc", $"must be {string.Join(" or ", EncryptedJwt.Encryptions)}");
        if (encryption is not null && algorithm is null) yield return ("introspection_encrypted_response_enc", "goes with introspection_encrypted_response_alg (RFC 9701 section 6)");
        if (client.Public && (signing ?? algorithm ?? encryption) is not null) yield return ("introspection_signed_response_alg", "a public client may not introspect, so there are no answers to sign");
    }
}

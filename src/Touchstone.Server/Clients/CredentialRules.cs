using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Server.Clients;

/// <summary>What the secrets, keys and certificate names of a registration may be.</summary>
internal static class CredentialRules
{
    private const int MinSecret = 16, MinMacSecret = 32, MaxSecret = 128;

    /// <summary>Every error, as member and detail.</summary>
    internal static IEnumerable<(string Member, string Detail)> Errors(ClientRegistration client, string? secret, bool allowPrivateUris)
    {
        var methods = ClientSecrets.MethodsOf(client);
        if (secret is not null && (methods & ClientAuthMethods.WithSecret) == 0) yield return ("client_secret", "none of auth_methods uses a secret");
        else if (secret is not null && SecretError(client, secret) is { } error) yield return ("client_secret", error);

        var keyed = UsesKeys(client);
        if (!keyed && (client.Jwks ?? client.JwksUri) is not null) yield return (client.Jwks is null ? "jwks_uri" : "jwks", "none of auth_methods uses keys, and answers are not encrypted");
        foreach (var error in keyed ? KeyErrors(client, allowPrivateUris) : []) yield return error;
        if (client.TokenEndpointAudience && (methods & (ClientAuthMethod.PrivateKeyJwt | ClientAuthMethod.ClientSecretJwt)) == 0) yield return ("token_endpoint_audience", "none of auth_methods uses assertions");

        (string Member, string Value)[] names = [.. Names(client)];
        if (methods.HasFlag(ClientAuthMethod.TlsClientAuth) && names.Length != 1)
            yield return ("tls_client_auth_subject_dn", "tls_client_auth needs exactly one of tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip and _san_email (RFC 8705 section 2.1.2)");
        if (!methods.HasFlag(ClientAuthMethod.TlsClientAuth) && names.Length > 0) yield return (names[0].Member, "is for tls_client_auth, which is not among auth_methods");
        foreach (var (member, value) in names)
        {
            if (!IsName(member, value)) yield return (member, "is not a name of its kind");
        }
    }

    /// <summary>Whether it has keys: to prove who it is, or for its encrypted answers.</summary>
    internal static bool UsesKeys(ClientRegistration client) => (ClientSecrets.MethodsOf(client) & ClientAuthMethods.WithKeys) != 0 || client.IntrospectionEncryptedResponseAlg is not null;

    internal static string? SecretError(ClientRegistration client, string secret)
    {
        var least = ClientSecrets.MethodsOf(client).HasFlag(ClientAuthMethod.ClientSecretJwt) ? MinMacSecret : MinSecret;
        // VSCHAR (RFC 6749 A.2).
        return secret.Length >= least && secret.Length <= MaxSecret && secret.All(c => c is >= ' ' and <= '~') ? null : $"must be {least} to {MaxSecret} printable ASCII characters";
    }

    internal static IEnumerable<(string Member, string Detail)> KeyErrors(ClientRegistration client, bool allowPrivateUris)
    {
        if (client.Jwks is null == client.JwksUri is null) yield return ("jwks", "give jwks or jwks_uri, one of the two (RFC 7591 section 2)");
        if (client.JwksUri is { } uri && !IsKeyUri(uri, allowPrivateUris)) yield return ("jwks_uri", $"must be an absolute https URL without user and fragment, at most {ClientRules.MaxUriLength} characters");
        if (client.Jwks is not { } jwks) yield break;
        if (!KeySet.TryParse(Encoding.UTF8.GetBytes(jwks), out var keys, out var error)) yield return ("jwks", error);
        else if (ClientSecrets.MethodsOf(client).HasFlag(ClientAuthMethod.PrivateKeyJwt) && keys.Keys.Count == 0)
            yield return ("jwks", "holds no key that can verify a signature here: RSA of 2048 to 8192 bits, or EC on P-256, P-384 or P-521, not marked for another use");
        else if (client.IntrospectionEncryptedResponseAlg is { } algorithm && EncryptedJwt.Algorithms.Contains(algorithm) && keys.EncryptionKeys.All(key => key.Algorithm != algorithm))
            yield return ("jwks", $"holds no key for {algorithm}, which introspection_encrypted_response_alg names: RSA of 2048 to 8192 bits for RSA-OAEP-256, EC on P-256, P-384 or P-521 for ECDH-ES, marked by use enc or by its alg");
        else if (client.AuthMethods is ["self_signed_tls_client_auth"] && keys.Certificates.Count == 0) yield return ("jwks", "holds no certificate (x5c), which self_signed_tls_client_auth compares with");
    }

    private static bool IsKeyUri(string uri, bool allowPrivateUris) =>
        uri.Length <= ClientRules.MaxUriLength && Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.UserInfo.Length == 0 && !uri.Contains('#', StringComparison.Ordinal)
        && (parsed.Scheme == "https" || (parsed.Scheme == "http" && allowPrivateUris));

    private static IEnumerable<(string Member, string Value)> Names(ClientRegistration client)
    {
        if (client.TlsClientAuthSubjectDn is { } dn) yield return ("tls_client_auth_subject_dn", dn);
        if (client.TlsClientAuthSanDns is { } dns) yield return ("tls_client_auth_san_dns", dns);
        if (client.TlsClientAuthSanUri is { } uri) yield return ("tls_client_auth_san_uri", uri);
        if (client.TlsClientAuthSanIp is { } ip) yield return ("tls_client_auth_san_ip", ip);
        if (client.TlsClientAuthSanEmail is { } email) yield return ("tls_client_auth_san_email", email);
    }

    private static bool IsName(string member, string value)
    {
        if (value.Length is 0 or > ClientRules.MaxUriLength || value.Any(char.IsControl)) return false;
        return member switch
        {
            "tls_client_auth_subject_dn" => IsDistinguishedName(value),
            "tls_client_auth_san_dns" => Uri.CheckHostName(value) is UriHostNameType.Dns,
            "tls_client_auth_san_uri" => Uri.TryCreate(value, UriKind.Absolute, out _),
            // The parser takes "10.1" for an address too, and a zone that no certificate can name.
            "tls_client_auth_san_ip" => IPAddress.TryParse(value, out var address) && (address.AddressFamily is AddressFamily.InterNetworkV6 ? !value.Contains('%') : value == address.ToString()),
            _ => value.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < value.Length - 1,
        };
    }

    private static bool IsDistinguishedName(string text)
    {
        try
        {
            return new X500DistinguishedName(text).EnumerateRelativeDistinguishedNames().Any();
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;

namespace Touchstone.Server.ClientAuth;

/// <summary><c>tls_client_auth</c> and <c>self_signed_tls_client_auth</c> (RFC 8705 §2): <c>client_id</c> in the body, and a certificate that proves it.</summary>
internal sealed class CertificateMethod(ClientCertificates certificates, RemoteKeySets remoteKeys) : IClientAuthMethod
{
    private const ClientAuthMethod Methods = ClientAuthMethod.TlsClientAuth | ClientAuthMethod.SelfSignedTlsClientAuth;

    // An identifier alone is a certificate's business only where a certificate is registered.
    public bool Handles(ClientAuthMethod presented, Client? client) => presented is ClientAuthMethod.None && client is not null && (client.AuthMethods & Methods) != 0;

    public ValueTask<ClientAuthResult> AuthenticateAsync(in ClientCredentials credentials, Client? client, FormExchange exchange, long now)
    {
        using var certificate = certificates.Read(exchange.Http, out var failure);
        if (certificate is null) return new(ClientAuthResult.Fail(failure, client!.AuthMethods & Methods, client));
        if (client!.AuthMethods.HasFlag(ClientAuthMethod.TlsClientAuth))
        {
            failure = Judge(client, certificate, now);
            if (failure is AuthFailure.None) return new(ClientAuthResult.Success(client, ClientAuthMethod.TlsClientAuth));
            if (!client.AuthMethods.HasFlag(ClientAuthMethod.SelfSignedTlsClientAuth)) return new(ClientAuthResult.Fail(failure, ClientAuthMethod.TlsClientAuth, client));
        }
        if (!ClientCertificates.IsInTime(certificate, now)) return new(ClientAuthResult.Fail(AuthFailure.CertificateExpired, ClientAuthMethod.SelfSignedTlsClientAuth, client));
        var hash = certificate.GetCertHash(HashAlgorithmName.SHA256);
        return client.Registration.JwksUri is { } uri ? CompareAsync(client, uri, hash) : new(Compare(client, client.Keys, hash));
    }

    private AuthFailure Judge(Client client, X509Certificate2 certificate, long now)
    {
        if (!ClientCertificates.IsInTime(certificate, now)) return AuthFailure.CertificateExpired;
        if (!certificates.IsTrusted(certificate, now)) return AuthFailure.CertificateUntrusted;
        return CertificateName.Matches(client.Registration, certificate) ? AuthFailure.None : AuthFailure.CertificateOfAnother;
    }

    private async ValueTask<ClientAuthResult> CompareAsync(Client client, string uri, byte[] hash)
    {
        if (await remoteKeys.GetAsync(uri) is not { } keys) return ClientAuthResult.Fail(AuthFailure.KeysUnavailable, ClientAuthMethod.SelfSignedTlsClientAuth, client);
        var result = Compare(client, keys, hash);
        return result.Client is null && await remoteKeys.RefreshAsync(uri, keys) is { } newer ? Compare(client, newer, hash) : result;
    }

    private static ClientAuthResult Compare(Client client, KeySet keys, byte[] hash)
    {
        var found = false;
        foreach (var registered in keys.Certificates) found |= CryptographicOperations.FixedTimeEquals(registered, hash);
        return found
            ? ClientAuthResult.Success(client, ClientAuthMethod.SelfSignedTlsClientAuth)
            : ClientAuthResult.Fail(AuthFailure.CertificateOfAnother, ClientAuthMethod.SelfSignedTlsClientAuth, client);
    }
}

using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.ClientAuth;

/// <summary>
/// <c>private_key_jwt</c> and <c>client_secret_jwt</c> (RFC 7523): a signed assertion, good for one use. The algorithm tells which of the two, and with it whose key may verify it:
/// registered public keys, or the secret, and never one in place of the other.
/// </summary>
internal sealed class AssertionMethod(ClientDirectory clients, RemoteKeySets remoteKeys, SecretVault vault, AssertionUses uses, ServerOptions options, ILogger<AssertionMethod> logger) : IClientAuthMethod
{
    private readonly string _issuer = options.EffectiveIssuer;
    private readonly string _tokenEndpoint = options.EffectiveIssuer + "/oauth/token";
    private bool _isToldUnreadable;

    public bool Handles(ClientAuthMethod presented, Client? client) => presented is (ClientAuthMethod.PrivateKeyJwt | ClientAuthMethod.ClientSecretJwt);

    // 1. What the assertion says, before any key is touched.
    public ValueTask<ClientAuthResult> AuthenticateAsync(in ClientCredentials credentials, Client? client, FormExchange exchange, long now)
    {
        var fault = ClientAssertion.TryRead(credentials.Assertion, out var assertion, out var named);
        if (assertion is null) return new(Fail(fault, client ?? (named is null ? null : clients.Find(named))) with { Claimed = credentials.ClientId.IsEmpty ? named : null });
        var method = ClientAssertionRules.Symmetric.Contains(assertion.Algorithm) ? ClientAuthMethod.ClientSecretJwt : ClientAuthMethod.PrivateKeyJwt;
        client = clients.Find(assertion.ClientId);
        fault = ClientAssertionRules.Judge(assertion, credentials.ClientId, _issuer, client is { Registration.TokenEndpointAudience: true } ? _tokenEndpoint : null, now);
        if (fault is not ClientAssertionFault.None) return new(Fail(fault, client, method));
        if (client is null) return new(ClientAuthResult.Fail(AuthFailure.UnknownClient, method) with { Claimed = assertion.ClientId });
        if (!client.AuthMethods.HasFlag(method)) return new(ClientAuthResult.Fail(AuthFailure.MethodNotRegistered, method, client));
        return ProveAsync(client, assertion, method, now);
    }

    // 2. Who signed it; and only then, whether it was used before: nobody fills the table with what he can't sign.
    private async ValueTask<ClientAuthResult> ProveAsync(Client client, ClientAssertion assertion, ClientAuthMethod method, long now)
    {
        var failure = method is ClientAuthMethod.ClientSecretJwt ? VerifyMac(client, assertion, now) : await VerifySignatureAsync(client, assertion);
        if (failure is AuthFailure.None && !await uses.TryUseAsync(assertion)) failure = AuthFailure.Replayed;
        return failure is AuthFailure.None ? ClientAuthResult.Success(client, method) : ClientAuthResult.Fail(failure, method, client);
    }

    private AuthFailure VerifyMac(Client client, ClientAssertion assertion, long now)
    {
        var isUnreadable = false;
        for (var i = 0; i < client.Slots.Count; i++)
        {
            if (!client.IsValid(i, now) || client.Registration.Secrets[i].Sealed is not { } boxed) continue;
            if (vault.Open(client.Id, boxed) is not { } secret)
            {
                isUnreadable = true;
                continue;
            }
            var isRight = IsMac(assertion, secret);
            CryptographicOperations.ZeroMemory(secret);
            if (!isRight) continue;
            client.Slots[i].Use(now);
            return AuthFailure.None;
        }
        if (!isUnreadable) return AuthFailure.WrongSignature;
        // Our failure, and the same for every such client: told once.
        if (!Interlocked.Exchange(ref _isToldUnreadable, true)) logger.SecretUnreadable(client.Id, vault.File);
        return AuthFailure.SecretUnreadable;
    }

    // A key shorter than the output of the hash is refused (RFC 7518 §3.2).
    private static bool IsMac(ClientAssertion assertion, byte[] secret)
    {
        var mac = assertion.Algorithm switch
        {
            "HS256" when secret.Length >= 32 => HMACSHA256.HashData(secret, assertion.Signed.Span),
            "HS384" when secret.Length >= 48 => HMACSHA384.HashData(secret, assertion.Signed.Span),
            "HS512" when secret.Length >= 64 => HMACSHA512.HashData(secret, assertion.Signed.Span),
            _ => null,
        };
        return mac is not null && CryptographicOperations.FixedTimeEquals(mac, assertion.Signature.Span);
    }

    private async ValueTask<AuthFailure> VerifySignatureAsync(Client client, ClientAssertion assertion)
    {
        if (client.Registration.JwksUri is not { } uri) return Verify(client.Keys, assertion);
        if (await remoteKeys.GetAsync(uri) is not { } keys) return AuthFailure.KeysUnavailable;
        var failure = Verify(keys, assertion);
        // A key that was added since: one more look, as often as RemoteKeySets allows (K-36).
        return failure is AuthFailure.UnknownKey && await remoteKeys.RefreshAsync(uri, keys) is { } newer ? Verify(newer, assertion) : failure;
    }

    private static AuthFailure Verify(KeySet keys, ClientAssertion assertion) => keys.Verify(assertion.Algorithm, assertion.KeyId, assertion.Signed.Span, assertion.Signature.Span) switch
    {
        SignatureVerdict.Good => AuthFailure.None,
        SignatureVerdict.Wrong => AuthFailure.WrongSignature,
        _ => AuthFailure.UnknownKey,
    };

    private static ClientAuthResult Fail(ClientAssertionFault fault, Client? client, ClientAuthMethod method = ClientAuthMethod.PrivateKeyJwt | ClientAuthMethod.ClientSecretJwt) =>
        ClientAuthResult.Fail(AuthFailure.Assertion, method, client) with { Fault = fault };
}

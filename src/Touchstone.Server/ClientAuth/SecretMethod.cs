using System.Security.Cryptography;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Hashing;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;

namespace Touchstone.Server.ClientAuth;

/// <summary><c>client_secret_basic</c> and <c>client_secret_post</c> (RFC 6749 §2.3.1): the same secret, carried in two places.</summary>
internal sealed class SecretMethod : IClientAuthMethod
{
    // Slow hashes that may wait for a turn: at a quarter of a second each, the last waits some seconds.
    private const int MaxWaiting = 32;

    // Stands in for an unknown client, so that its secret costs what a wrong one costs.
    private static readonly Client Nobody = new(new ClientRegistration
    {
        ClientId = "-",
        Kind = ClientRegistration.ClientKind,
        Secrets = [new ClientSecret(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), 0, null)],
    }, Limits.ClientGate.Open);

    private readonly KeyedHash _key = new(RandomNumberGenerator.GetBytes(KeyedHash.KeySize));

    // Half of the processors, so that guessing can't starve who is known already.
    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _waiting;

    public bool Handles(ClientAuthMethod presented, Client? client) => presented is ClientAuthMethod.ClientSecretBasic or ClientAuthMethod.ClientSecretPost;

    public ValueTask<ClientAuthResult> AuthenticateAsync(in ClientCredentials credentials, Client? client, FormExchange exchange, long now)
    {
        var mac = _key.Of(credentials.Secret);
        var check = (client ?? Nobody).Check(credentials.Secret, mac, now);
        if (client is null) return new(ClientAuthResult.Fail(AuthFailure.UnknownClient, credentials.Method));
        // An empty secret proves nothing, even to a client whose secret is empty.
        if (check is SecretCheck.Wrong || credentials.Secret.IsEmpty) return new(ClientAuthResult.Fail(AuthFailure.WrongSecret, credentials.Method, client));
        if (check is SecretCheck.Right) return new(ClientAuthResult.Success(client, credentials.Method));
        if (!client.AuthMethods.HasFlag(credentials.Method)) return new(ClientAuthResult.Fail(AuthFailure.MethodNotRegistered, credentials.Method, client));
        return VerifySlowlyAsync(client, credentials.Method, credentials.Secret.ToArray(), mac, now);
    }

    private async ValueTask<ClientAuthResult> VerifySlowlyAsync(Client client, ClientAuthMethod method, byte[] secret, Mac128 mac, long now)
    {
        var verifying = client.Guesses.Join(mac, client.Slots, () => Begin(client, secret, mac, now));
        if (verifying is null) return ClientAuthResult.Fail(AuthFailure.Busy, method, client);
        return await verifying ? ClientAuthResult.Success(client, method) : ClientAuthResult.Fail(AuthFailure.WrongSecret, method, client);
    }

    private Task<bool>? Begin(Client client, byte[] secret, Mac128 mac, long now)
    {
        if (Interlocked.Increment(ref _waiting) <= MaxWaiting) return InTurnAsync(client, secret, mac, now);
        Interlocked.Decrement(ref _waiting);
        return null;
    }

    private async Task<bool> InTurnAsync(Client client, byte[] secret, Mac128 mac, long now)
    {
        await _turns.WaitAsync();
        try
        {
            // A thread of its own: the pool has requests to answer.
            return await Task.Factory.StartNew(() => client.CheckSlowly(secret, mac, now), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            _turns.Release();
            Interlocked.Decrement(ref _waiting);
        }
    }
}

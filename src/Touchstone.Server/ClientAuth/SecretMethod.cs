using System.Security.Cryptography;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Hashing;
using Touchstone.Server.Clients;

namespace Touchstone.Server.ClientAuth;

/// <summary><c>client_secret_basic</c> and <c>client_secret_post</c> (RFC 6749 §2.3.1): the same secret, carried in two places.</summary>
internal sealed class SecretMethod : IClientAuthMethod
{
    // Stands in for an unknown client, so that its secret costs what a wrong one costs.
    private static readonly Client Nobody = new(new ClientRegistration
    {
        ClientId = "-",
        Kind = ClientRegistration.ClientKind,
        Secrets = [new ClientSecret(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), 0, null)],
    });

    private readonly KeyedHash _key = new(RandomNumberGenerator.GetBytes(KeyedHash.KeySize));

    public bool Handles(ClientAuthMethod method) => method is ClientAuthMethod.ClientSecretBasic or ClientAuthMethod.ClientSecretPost;

    // An empty secret proves nothing, even to a client whose secret is empty.
    public bool Verify(Client? client, in ClientCredentials credentials, long now) =>
        (client ?? Nobody).HasSecret(credentials.Secret, _key, now) & client is not null & !credentials.Secret.IsEmpty;
}

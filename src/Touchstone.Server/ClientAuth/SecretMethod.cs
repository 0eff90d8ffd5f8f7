using System.Security.Cryptography;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;

namespace Touchstone.Server.ClientAuth;

/// <summary><c>client_secret_basic</c> and <c>client_secret_post</c> (RFC 6749 §2.3.1): the same secret, carried in two places.</summary>
internal sealed class SecretMethod : IClientAuthMethod
{
    private static readonly Client Nobody = new(new ClientRegistration
    {
        ClientId = "-",
        Kind = ClientRegistration.ClientKind,
        Secrets = [new ClientSecret(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), 0, null)],
    });

    public bool Handles(ClientAuthMethod method) => method is ClientAuthMethod.ClientSecretBasic or ClientAuthMethod.ClientSecretPost;

    public bool Verify(Client? client, in ClientCredentials credentials, long now)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(credentials.Secret, hash);
        return (client ?? Nobody).HasSecret(hash, now) & client is not null & !credentials.Secret.IsEmpty;
    }
}

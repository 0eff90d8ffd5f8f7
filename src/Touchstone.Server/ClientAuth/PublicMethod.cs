using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;

namespace Touchstone.Server.ClientAuth;

/// <summary><c>none</c>: a public client names itself and proves nothing. Good for revoking its own tokens (RFC 7009 §2.1), never for introspection.</summary>
internal sealed class PublicMethod : IClientAuthMethod
{
    public bool Handles(ClientAuthMethod method) => method is ClientAuthMethod.None;

    public bool Verify(Client? client, in ClientCredentials credentials, long now) => client is { Registration.Public: true };
}

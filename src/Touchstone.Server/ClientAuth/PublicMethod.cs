using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;

namespace Touchstone.Server.ClientAuth;

/// <summary><c>none</c>: a public client names itself and proves nothing. Good for revoking its own tokens (RFC 7009 §2.1), never for introspection.</summary>
internal sealed class PublicMethod : IClientAuthMethod
{
    public bool Handles(ClientAuthMethod presented, Client? client) => presented is ClientAuthMethod.None;

    public ValueTask<ClientAuthResult> AuthenticateAsync(in ClientCredentials credentials, Client? client, FormExchange exchange, long now) => new(client switch
    {
        null => ClientAuthResult.Fail(AuthFailure.UnknownClient),
        { Registration.Public: true } => ClientAuthResult.Success(client, ClientAuthMethod.None),
        _ => ClientAuthResult.Fail(AuthFailure.WrongSecret, ClientAuthMethod.None, client),
    });
}

using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;

namespace Touchstone.Server.ClientAuth;

/// <summary>One way for a client to prove itself: one file each.</summary>
internal interface IClientAuthMethod
{
    /// <summary>Whether credentials of this method are its business.</summary>
    bool Handles(ClientAuthMethod method);

    /// <summary>Whether the credentials prove the client; with a null client, does the same work and says no.</summary>
    bool Verify(Client? client, in ClientCredentials credentials, long now);
}

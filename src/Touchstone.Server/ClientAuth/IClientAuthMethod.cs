using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;

namespace Touchstone.Server.ClientAuth;

/// <summary>One way for a client to prove itself: one file each.</summary>
internal interface IClientAuthMethod
{
    /// <summary>Whether credentials of this method are its business, when this client is named (null: an unknown one, or none).</summary>
    bool Handles(ClientAuthMethod presented, Client? client);

    /// <summary>
    /// Judges the credentials. Whether the client is enabled and registered for the method is judged afterwards, by <see cref="ClientAuthenticator"/>.
    /// Where the client is unknown it does the work of a wrong proof, as far as that costs no more than a fast hash.
    /// </summary>
    /// <param name="credentials">What the request presents. It points into the request, so what is needed after the first await is copied.</param>
    /// <param name="client">The client that was named; null for an unknown one, or where only the proof names it.</param>
    /// <param name="exchange">The request.</param>
    /// <param name="now">Seconds since 1970.</param>
    ValueTask<ClientAuthResult> AuthenticateAsync(in ClientCredentials credentials, Client? client, FormExchange exchange, long now);
}

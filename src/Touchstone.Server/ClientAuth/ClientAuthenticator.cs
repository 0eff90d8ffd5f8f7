using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;

namespace Touchstone.Server.ClientAuth;

/// <summary>Finds out who calls. The one place for it: introspection, revocation and the token endpoint all come here.</summary>
internal sealed class ClientAuthenticator(ClientDirectory clients, IEnumerable<IClientAuthMethod> methods, TimeProvider time)
{
    private readonly IClientAuthMethod[] _methods = [.. methods];

    /// <summary>Judges the credentials of a request. Every failure but an ambiguity looks the same from outside (RFC 6749 §5.2).</summary>
    internal ClientAuthResult Authenticate(FormExchange exchange)
    {
        var header = exchange.Http.Request.Headers.Authorization;
        if (header.Count > 1) return ClientAuthResult.Fail(AuthFailure.Ambiguous);

        Span<byte> scratch = stackalloc byte[ClientCredentials.ScratchSize];
        return ClientCredentials.Read(header.Count == 0 ? default(ReadOnlySpan<char>) : header[0], exchange.Form, scratch, out var credentials) switch
        {
            CredentialsResult.Presented => Judge(exchange, credentials),
            CredentialsResult.Missing => ClientAuthResult.Fail(AuthFailure.Missing),
            CredentialsResult.Ambiguous => ClientAuthResult.Fail(AuthFailure.Ambiguous),
            _ => ClientAuthResult.Fail(AuthFailure.Unreadable),
        };
    }

    private ClientAuthResult Judge(FormExchange exchange, in ClientCredentials credentials)
    {
        var client = clients.Find(credentials.ClientId);
        exchange.Claimed = client?.Id; // Only a registered name: what else stands there may be a secret in the wrong place.
        var method = MethodOf(credentials.Method);
        // Verified before anything else is looked at, with a dummy for an unknown client: the same work whatever is wrong.
        var isProven = method.Verify(client, credentials, time.GetUtcNow().ToUnixTimeSeconds());

        if (client is null) return ClientAuthResult.Fail(AuthFailure.UnknownClient);
        if (!isProven) return ClientAuthResult.Fail(AuthFailure.WrongSecret);
        if (!IsRegistered(client, credentials.Method)) return ClientAuthResult.Fail(AuthFailure.MethodNotRegistered);
        if (!client.Registration.Enabled) return ClientAuthResult.Fail(AuthFailure.Disabled);
        return ClientAuthResult.Success(client, credentials.Method);
    }

    private IClientAuthMethod MethodOf(ClientAuthMethod method)
    {
        foreach (var candidate in _methods)
        {
            if (candidate.Handles(method)) return candidate;
        }
        throw new InvalidOperationException($"no authentication method for {method}");
    }

    // A client uses one of its registered methods and no other, above all not a weaker one.
    private static bool IsRegistered(Client client, ClientAuthMethod method) =>
        method is ClientAuthMethod.None ? client.Registration.Public : client.AuthMethods.HasFlag(method);
}

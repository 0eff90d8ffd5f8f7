using System.Text;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Limits;

namespace Touchstone.Server.ClientAuth;

/// <summary>Finds out who calls. The one place for it: introspection, revocation and the token endpoint all come here.</summary>
internal sealed class ClientAuthenticator(ClientDirectory clients, IEnumerable<IClientAuthMethod> methods, CallerFailures failures, AddressLimits addresses, TimeProvider time)
{
    private readonly IClientAuthMethod[] _methods = [.. methods];

    /// <summary>
    /// Judges the credentials of a request. Every failure but an ambiguity looks the same from outside (RFC 6749 §5.2). A secret that is known is judged at once;
    /// what takes a write (an assertion's single use), a fetch of keys or a slow hash is awaited.
    /// </summary>
    /// <param name="exchange">The request.</param>
    /// <param name="acceptsBearer">Whether an access token may stand for a client here: at introspection only.</param>
    internal ValueTask<ClientAuthResult> AuthenticateAsync(FormExchange exchange, bool acceptsBearer = false)
    {
        var header = exchange.Http.Request.Headers.Authorization;
        if (header.Count > 1) return new(Refuse(exchange, ClientAuthResult.Fail(AuthFailure.Ambiguous), default));

        Span<byte> scratch = stackalloc byte[ClientCredentials.ScratchSize];
        var result = ClientCredentials.Read(header.Count == 0 ? default(ReadOnlySpan<char>) : header[0], exchange.Form, scratch, out var credentials);
        if (result is CredentialsResult.Presented && credentials.Method is ClientAuthMethod.Bearer && !acceptsBearer) result = CredentialsResult.Unreadable;
        return result switch
        {
            CredentialsResult.Presented => JudgeAsync(exchange, credentials),
            CredentialsResult.Missing => new(Refuse(exchange, ClientAuthResult.Fail(AuthFailure.Missing), default)),
            CredentialsResult.Ambiguous => new(Refuse(exchange, ClientAuthResult.Fail(AuthFailure.Ambiguous), exchange.Form["client_id"u8])),
            _ => new(Refuse(exchange, ClientAuthResult.Fail(AuthFailure.Unreadable), exchange.Form["client_id"u8])),
        };
    }

    private ValueTask<ClientAuthResult> JudgeAsync(FormExchange exchange, in ClientCredentials credentials)
    {
        var client = credentials.ClientId.IsEmpty ? null : clients.Find(credentials.ClientId);
        exchange.Claimed = client?.Id; // Only a registered name: what else stands there may be a secret in the wrong place.
        // Before anything is compared: while it waits, not even the right secret is told from a wrong one here. From another address it is.
        if (client is not null && exchange.Address?.DelayOf(client.Id, exchange.Started) is { } delay && delay > TimeSpan.Zero) return new(Refuse(exchange, ClientAuthResult.Wait(client, credentials.Method, delay), credentials.ClientId));
        var judging = MethodOf(credentials.Method, client).AuthenticateAsync(credentials, client, exchange, time.GetUtcNow().ToUnixTimeSeconds());
        return judging.IsCompletedSuccessfully ? new(Conclude(exchange, judging.Result, credentials.ClientId)) : ConcludeAsync(exchange, judging);
    }

    private async ValueTask<ClientAuthResult> ConcludeAsync(FormExchange exchange, ValueTask<ClientAuthResult> judging) => Conclude(exchange, await judging, default);

    private ClientAuthResult Conclude(FormExchange exchange, in ClientAuthResult result, ReadOnlySpan<byte> claimed)
    {
        if (result.Client is not { } client) return Refuse(exchange, result, claimed);
        if (!IsRegistered(client, result.Method)) return Refuse(exchange, ClientAuthResult.Fail(AuthFailure.MethodNotRegistered, result.Method, client), claimed);
        if (!client.Registration.Enabled) return Refuse(exchange, ClientAuthResult.Fail(AuthFailure.Disabled, result.Method, client), claimed);
        exchange.Address?.Forgive(client.Id);
        return result;
    }

    private IClientAuthMethod MethodOf(ClientAuthMethod presented, Client? client)
    {
        foreach (var candidate in _methods)
        {
            if (candidate.Handles(presented, client)) return candidate;
        }
        throw new InvalidOperationException($"no authentication method for {presented}");
    }

    // A client uses one of its registered methods and no other, above all not a weaker one. An access token carries its own permission.
    private static bool IsRegistered(Client client, ClientAuthMethod method) => method switch
    {
        ClientAuthMethod.None => client.Registration.Public,
        ClientAuthMethod.Bearer => true,
        _ => client.AuthMethods.HasFlag(method),
    };

    private ClientAuthResult Refuse(FormExchange exchange, in ClientAuthResult failed, ReadOnlySpan<byte> claimed)
    {
        var named = failed.Named ?? (claimed.IsEmpty ? null : clients.Find(claimed));
        if (failed.IsOfCaller) addresses.Failed(exchange.Http, exchange.Started, failed.IsGuess ? named?.Id : null);
        failures.Add(named?.Id, failed.Claimed ?? Encoding.Latin1.GetString(claimed), failed, exchange.Http);
        return failed;
    }
}

using System.Net.Http.Headers;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Client.Authentication;

/// <summary><c>client_secret_basic</c> (RFC 6749 §2.3.1).</summary>
internal sealed class BasicAuthentication(string clientId, Func<string> clientSecret) : ClientAuthentication
{
    internal override string? ClientId => clientId;

    private volatile Prepared? _prepared;

    private sealed record Prepared(string Secret, AuthenticationHeaderValue Header);

    protected internal override ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
    {
        var secret = clientSecret();
        var prepared = _prepared;
        if (prepared is null || prepared.Secret != secret) _prepared = prepared = new Prepared(secret, AuthenticationHeaderValue.Parse(ClientCredentials.Basic(clientId, secret)));
        request.Headers.Authorization = prepared.Header;
        return default;
    }

    // The server may have heard of a new secret a moment before this caller did.
    internal override bool Renews() => _prepared is { } sent && sent.Secret != clientSecret();
}

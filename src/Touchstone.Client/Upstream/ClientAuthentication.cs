using System.Net.Http.Headers;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Client;

/// <summary>How a caller proves itself to the server. Asked before each call, so what it says may change without a restart.</summary>
public abstract class ClientAuthentication
{
    /// <summary><c>client_secret_basic</c> (RFC 6749 §2.3.1): identifier and secret in the header, form-encoded first.</summary>
    public static ClientAuthentication Basic(string clientId, string clientSecret) => Basic(clientId, () => clientSecret);

    /// <summary>The same with a secret that is asked for at each call: it may be rotated without a restart.</summary>
    public static ClientAuthentication Basic(string clientId, Func<string> clientSecret) => new BasicAuthentication(clientId, clientSecret);

    /// <summary><c>client_secret_post</c>: identifier and secret in the body. The feed has no body: there it is sent as <see cref="Basic(string, string)"/> would.</summary>
    public static ClientAuthentication Post(string clientId, string clientSecret) => new PostAuthentication(clientId, clientSecret);

    /// <summary>An access token of the caller, asked for at each call.</summary>
    public static ClientAuthentication Bearer(Func<CancellationToken, ValueTask<string>> accessToken) => new BearerAuthentication(accessToken);

    /// <summary>Adds what proves the caller.</summary>
    /// <param name="request">The request; its header may be set.</param>
    /// <param name="form">The fields of its body; null where it has none.</param>
    /// <param name="cancellationToken">Ends with the call.</param>
    protected internal abstract ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken);

    private sealed class BasicAuthentication(string clientId, Func<string> clientSecret) : ClientAuthentication
    {
        private volatile Prepared? _prepared;

        private sealed record Prepared(string Secret, AuthenticationHeaderValue Header);

        protected internal override ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
        {
            var secret = clientSecret();
            var prepared = _prepared;
            if (prepared is null || prepared.Secret != secret) _prepared = prepared = new Prepared(secret, Header(clientId, secret));
            request.Headers.Authorization = prepared.Header;
            return default;
        }

        internal static AuthenticationHeaderValue Header(string clientId, string secret) => AuthenticationHeaderValue.Parse(ClientCredentials.Basic(clientId, secret));
    }

    private sealed class PostAuthentication(string clientId, string clientSecret) : ClientAuthentication
    {
        protected internal override ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
        {
            if (form is null) request.Headers.Authorization = BasicAuthentication.Header(clientId, clientSecret);
            else
            {
                form.Add(new("client_id", clientId));
                form.Add(new("client_secret", clientSecret));
            }
            return default;
        }
    }

    private sealed class BearerAuthentication(Func<CancellationToken, ValueTask<string>> accessToken) : ClientAuthentication
    {
        protected internal override async ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken) =>
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await accessToken(cancellationToken));
    }
}

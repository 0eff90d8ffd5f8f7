using Touchstone.Client.Upstream;

namespace Touchstone.Client.Authentication;

/// <summary><c>client_secret_post</c> (RFC 6749 §2.3.1).</summary>
internal sealed class PostAuthentication(string clientId, Func<string> clientSecret) : ClientAuthentication
{
    internal override string? ClientId => clientId;

    private volatile string? _sent;

    protected internal override ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
    {
        if (form is null) throw new InvalidOperationException("a request without a body can't hold a secret");
        var secret = clientSecret();
        form.Add(new("client_id", clientId));
        form.Add(new("client_secret", secret));
        _sent = secret;
        return default;
    }

    internal override bool Renews() => _sent is { } sent && sent != clientSecret();

    internal override ClientAuthentication AtFeed(AskedServer server) => new WithoutBody(new BasicAuthentication(clientId, clientSecret), new OwnToken(this, server));

    // Most callers may use Basic as well. Only whoever is refused that is registered for this method alone, and needs a token.
    private sealed class WithoutBody(ClientAuthentication basic, ClientAuthentication token) : ClientAuthentication
    {
        private bool _usesToken;

        private ClientAuthentication Used => _usesToken ? token : basic;

        protected internal override async ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
        {
            try
            {
                await Used.ApplyAsync(request, form, cancellationToken);
            }
            catch (HttpRequestException refused) when (refused.IsRefusal())
            {
                _usesToken = false; // It gets no token: what is refused both ways is tried as it was at first the next time.
                throw;
            }
        }

        internal override bool Renews()
        {
            return Used.Renews() || (_usesToken = !_usesToken);
        }
    }
}

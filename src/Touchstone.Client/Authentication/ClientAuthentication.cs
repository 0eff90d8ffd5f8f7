using System.Security.Cryptography.X509Certificates;
using Touchstone.Client.Authentication;

namespace Touchstone.Client;

/// <summary>
/// How a caller proves itself to the server. Asked before each call, so what it says may change without a restart: each function given here is called once for each request, and may throw
/// <see cref="HttpRequestException"/> or <see cref="IOException"/> where what it needs is out of reach. Whatever else it throws counts as a refusal (<see cref="IntrospectionFault.Refused"/>), is logged once without its text,
/// and is tried again with the next call. <see cref="FromFile"/> makes functions that follow files.
/// </summary>
public abstract class ClientAuthentication
{
    /// <summary><c>client_secret_basic</c> (RFC 6749 §2.3.1): identifier and secret in the header, form-encoded first.</summary>
    public static ClientAuthentication Basic(string clientId, string clientSecret) => Basic(clientId, () => clientSecret);

    /// <summary>The same with a secret that is asked for at each call: it may be rotated without a restart.</summary>
    public static ClientAuthentication Basic(string clientId, Func<string> clientSecret) => new BasicAuthentication(clientId, clientSecret);

    /// <summary><c>client_secret_post</c> (RFC 6749 §2.3.1): identifier and secret in the body. The feed has no body: there the secret is sent as Basic, and where the server refuses that, a token that it is exchanged for.</summary>
    public static ClientAuthentication Post(string clientId, string clientSecret) => Post(clientId, () => clientSecret);

    /// <summary>The same with a secret that is asked for at each call: it may be rotated without a restart.</summary>
    public static ClientAuthentication Post(string clientId, Func<string> clientSecret) => new PostAuthentication(clientId, clientSecret);

    /// <summary>
    /// <c>private_key_jwt</c> (RFC 7523 §2.2): a JWT signed with a private key. At the feed, which takes no assertions, an access token that the caller gets itself with one (scope <c>touchstone:introspect</c>).
    /// </summary>
    /// <param name="clientId">The identifier of the caller.</param>
    /// <param name="key">The key to sign with, asked for at each call.</param>
    /// <param name="assertion">How assertions are made; null: as the defaults say.</param>
    public static ClientAuthentication PrivateKeyJwt(string clientId, Func<AssertionKey> key, AssertionOptions? assertion = null) =>
        new AssertionAuthentication(clientId, () => key().Signer, assertion ?? new AssertionOptions(), server: null);

    /// <summary><c>client_secret_jwt</c> (RFC 7523 §2.2): the same with a MAC under the secret, which is not sent.</summary>
    /// <param name="clientId">The identifier of the caller.</param>
    /// <param name="clientSecret">The secret, asked for at each call. At least 32 bytes for <c>HS256</c>, 48 for <c>HS384</c>, 64 for <c>HS512</c> (RFC 7518 §3.2); with a shorter one each call is <see cref="IntrospectionFault.Refused"/>, and none is sent.</param>
    /// <param name="algorithm"><c>HS256</c>, <c>HS384</c> or <c>HS512</c>.</param>
    /// <param name="assertion">How assertions are made; null: as the defaults say.</param>
    /// <exception cref="ArgumentException">The algorithm is none of these.</exception>
    public static ClientAuthentication ClientSecretJwt(string clientId, Func<string> clientSecret, string algorithm = "HS256", AssertionOptions? assertion = null) =>
        new AssertionAuthentication(clientId, new SecretSigners(clientSecret, algorithm).Now, assertion ?? new AssertionOptions(), server: null);

    /// <summary>
    /// <c>tls_client_auth</c> and <c>self_signed_tls_client_auth</c> (RFC 8705 §2): a certificate that is shown in TLS. Another certificate is shown from the next request on, over connections of its own.
    /// It needs https, and a client that makes its own <see cref="HttpClient"/>: one that is brought shows its own certificate.
    /// </summary>
    /// <param name="clientId">The identifier of the caller, which is sent beside.</param>
    /// <param name="certificate">The certificate with its private key, asked for at each call. Whoever gives it keeps it until another is given and the requests of before have ended.</param>
    public static ClientAuthentication TlsCertificate(string clientId, Func<X509Certificate2> certificate) => new CertificateAuthentication(clientId, certificate);

    /// <summary>An access token of the caller (RFC 6750 §2.1), asked for at each call.</summary>
    public static ClientAuthentication Bearer(Func<CancellationToken, ValueTask<string>> accessToken) => new BearerAuthentication(accessToken);

    /// <summary>Adds what proves the caller.</summary>
    /// <param name="request">The request; its header and query may be set.</param>
    /// <param name="form">The fields of its body; null where it has none.</param>
    /// <param name="cancellationToken">Ends with the call.</param>
    /// <exception cref="HttpRequestException">What is needed is out of reach; with a status of 400, 401 or 403 it is refused to this caller.</exception>
    protected internal abstract ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken);

    /// <summary>Whom it proves; null where that is not known.</summary>
    internal virtual string? ClientId => null;

    /// <summary>The certificate that connections show; null where none is needed.</summary>
    internal virtual Func<X509Certificate2>? Certificate => null;

    /// <summary>What is wrong with it beside these options.</summary>
    internal virtual IEnumerable<string> Faults(TokenIntrospectionOptions options) => [];

    /// <summary>The same at one server, for one client. What it remembers is that client's own.</summary>
    internal virtual ClientAuthentication At(AskedServer server) => this;

    /// <summary>The same at the feed of one server, which has no body for what others put there.</summary>
    internal virtual ClientAuthentication AtFeed(AskedServer server) => At(server);

    /// <summary>The server refused the last proof. Whether the next one is another, so that trying it once more may help.</summary>
    internal virtual bool Renews() => false;
}

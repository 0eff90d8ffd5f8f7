using System.Security.Cryptography.X509Certificates;

namespace Touchstone.Client.Authentication;

/// <summary><c>tls_client_auth</c> and <c>self_signed_tls_client_auth</c> (RFC 8705 §2): the connection proves, the request names.</summary>
internal sealed class CertificateAuthentication(string clientId, Func<X509Certificate2> certificate) : ClientAuthentication
{
    internal override string? ClientId => clientId;

    internal override Func<X509Certificate2>? Certificate => certificate;

    protected internal override ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
    {
        if (form is not null)
        {
            form.Add(new("client_id", clientId));
            return default;
        }
        var uri = request.RequestUri!.OriginalString;
        request.RequestUri = new Uri($"{uri}{(uri.Contains('?', StringComparison.Ordinal) ? '&' : '?')}client_id={Uri.EscapeDataString(clientId)}");
        return default;
    }

    internal override IEnumerable<string> Faults(TokenIntrospectionOptions options)
    {
        foreach (var uri in new[] { options.Issuer, options.IntrospectionEndpoint, options.FeedEndpoint, options.BatchEndpoint })
        {
            if (uri is { IsAbsoluteUri: true, Scheme: "http" }) yield return "TlsCertificate needs https everywhere: http has no certificates.";
        }
    }
}

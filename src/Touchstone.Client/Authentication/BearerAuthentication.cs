using System.Net.Http.Headers;

namespace Touchstone.Client.Authentication;

/// <summary>An access token of the caller (RFC 6750 §2.1).</summary>
internal sealed class BearerAuthentication(Func<CancellationToken, ValueTask<string>> accessToken) : ClientAuthentication
{
    protected internal override async ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken) =>
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await accessToken(cancellationToken));
}

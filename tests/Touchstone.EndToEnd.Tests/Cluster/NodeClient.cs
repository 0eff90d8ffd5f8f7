using System.Net;
using System.Net.Http.Headers;

namespace Touchstone.EndToEnd.Tests.Cluster;

/// <summary>How a node answered an introspection.</summary>
internal enum NodeAnswer
{
    Active,
    Inactive,

    /// <summary>503: it does not know.</summary>
    Refused,

    /// <summary>No answer.</summary>
    Failed,
}

/// <summary>Asks one node, as cheaply as the framework can: the load must not be dearer than what it loads.</summary>
internal sealed class NodeClient : IDisposable
{
    private static readonly MediaTypeHeaderValue Form = new("application/x-www-form-urlencoded");

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null, ConnectTimeout = TimeSpan.FromSeconds(5) });
    private readonly Uri _introspect;
    private readonly string _authorization;

    internal NodeClient(ServerProcess node, TestClient caller)
    {
        _introspect = new Uri(node.Address, OAuthCalls.Introspect);
        _authorization = caller.Basic;
    }

    internal async Task<NodeAnswer> AskAsync(WatchedToken token, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _introspect) { Content = new ByteArrayContent(token.Form) };
        request.Headers.TryAddWithoutValidation("Authorization", _authorization);
        request.Content.Headers.ContentType = Form;
        try
        {
            using var answer = await _http.SendAsync(request, cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK when body.AsSpan().StartsWith("{\"active\":true,"u8) => NodeAnswer.Active,
                HttpStatusCode.OK when body.AsSpan().SequenceEqual("{\"active\":false}"u8) => NodeAnswer.Inactive,
                HttpStatusCode.ServiceUnavailable => NodeAnswer.Refused,
                _ => throw new InvalidOperationException($"no answer to an introspection: {(int)answer.StatusCode} {System.Text.Encoding.UTF8.GetString(body)}"),
            };
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException)
        {
            return NodeAnswer.Failed;
        }
    }

    public void Dispose() => _http.Dispose();
}

using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Touchstone.Protocol.Forms;

namespace Touchstone.Client.Testing;

/// <summary>What is answered at which path, and what in an outage.</summary>
internal sealed class FakeEndpoints(Uri issuer, FakeTokens tokens, FakeLog log, TimeProvider time)
{
    private const string IntrospectionPath = "/oauth/introspect", FeedPath = "/feed", MetadataPath = "/.well-known/oauth-authorization-server", Json = "application/json";

    private readonly FakeFeed _feed = new(log, time);
    private volatile FakeOutage? _outage;
    private int _calls;

    internal int Calls => Volatile.Read(ref _calls);

    internal FakeOutage? Outage
    {
        get => _outage;
        set => _outage = value;
    }

    internal async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (path == IntrospectionPath) Interlocked.Increment(ref _calls);
        if (await OutageAsync(cancellationToken) is { } outage) return outage.Answer();
        return (request.Method.Method, path) switch
        {
            ("GET", MetadataPath) => Answered(Encoding.UTF8.GetBytes(Metadata().ToJsonString()), Json),
            ("POST", IntrospectionPath) => await IntrospectAsync(request, cancellationToken),
            ("GET", FeedPath) => await _feed.AnswerAsync(request, () => _outage, cancellationToken),
            _ => new HttpResponseMessage(HttpStatusCode.NotFound),
        };
    }

    internal static HttpResponseMessage Answered(byte[] body, string type, HttpStatusCode status = HttpStatusCode.OK)
    {
        var response = new HttpResponseMessage(status) { Content = new ByteArrayContent(body) };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        response.Headers.CacheControl = new CacheControlHeaderValue { NoStore = true };
        return response;
    }

    internal static OAuthForm Read(byte[] form)
    {
        var read = new OAuthForm();
        read.Read(new ReadOnlySequence<byte>(form));
        return read;
    }

    // A slow one is waited for, and answers as if nothing had been.
    private async Task<FakeOutage?> OutageAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = log.Changed;
            if (_outage is not { IsSlow: true } outage) return _outage;
            await changed.WaitAsync(cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> IntrospectAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var form = Read(request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken));
        if (!form.Has("token"u8)) return Answered("""{"error":"invalid_request"}"""u8.ToArray(), Json, HttpStatusCode.BadRequest);
        var token = tokens.Find(form["token"u8]);
        var isOver = log.Ends(token?.Tag, out var asOf);
        var isActive = token is not null && !isOver;
        var response = Answered(isActive ? token!.Answer : """{"active":false}"""u8.ToArray(), Json);
        if (!request.Headers.Contains("Touchstone-Follow")) return response;
        response.Headers.Add("Touchstone-As-Of", $"{asOf.Epoch:N}.{asOf.Seq}");
        if (isActive) response.Headers.Add("Touchstone-Tags", token!.Tag);
        return response;
    }

    private JsonObject Metadata() => new()
    {
        ["issuer"] = issuer.OriginalString, ["introspection_endpoint"] = new Uri(issuer, IntrospectionPath).OriginalString, ["touchstone_feed_endpoint"] = new Uri(issuer, FeedPath).OriginalString,
    };
}

/// <summary>Brings requests there without a network.</summary>
internal sealed class FakeHandler(FakeEndpoints endpoints) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => endpoints.AnswerAsync(request, cancellationToken);
}

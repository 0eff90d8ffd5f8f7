using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>What one client sends to its server over real connections: every introspection is counted, when it was sent and for which token, and each try of one anew.</summary>
internal sealed partial class UpstreamCalls
{
    private readonly ConcurrentQueue<long> _sent = new();
    private readonly ConcurrentDictionary<string, int> _byToken = new();
    private int _gone, _isLost;

    /// <summary>How often each token was asked about.</summary>
    internal IReadOnlyDictionary<string, int> ByToken => _byToken;

    /// <summary>How often the feed answered that the place is none of its log.</summary>
    internal int Gone => Volatile.Read(ref _gone);

    private sealed class Counting(UpstreamCalls calls, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method == HttpMethod.Post) await calls.CountAsync(request);
            else if (Volatile.Read(ref calls._isLost) == 1) request.RequestUri = new Uri(Epoch().Replace(request.RequestUri!.AbsoluteUri, $"after={Guid.NewGuid():N}"));
            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode is HttpStatusCode.Gone)
            {
                Volatile.Write(ref calls._isLost, 0);
                Interlocked.Increment(ref calls._gone);
            }
            return response;
        }
    }

    /// <summary>For the client.</summary>
    internal HttpMessageHandler NewHandler() => new Counting(this, new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    /// <summary>How many were sent in such a time.</summary>
    internal int Between(long from, long to) => _sent.Count(sent => sent >= from && sent < to);

    /// <summary>The next poll names a place in a log of another epoch, as after a database was put back: the server answers 410, and nothing that is kept counts any more.</summary>
    internal void LoseEpoch() => Volatile.Write(ref _isLost, 1);

    private async Task CountAsync(HttpRequestMessage request)
    {
        _sent.Enqueue(TimeProvider.System.GetTimestamp());
        var token = Token().Match(await request.Content!.ReadAsStringAsync()).Groups[1].Value;
        _byToken.AddOrUpdate(token, 1, static (_, count) => count + 1);
    }

    [GeneratedRegex("(?:^|&)token=([^&]+)")]
    private static partial Regex Token();

    [GeneratedRegex("after=[0-9a-f]{32}")]
    private static partial Regex Epoch();
}

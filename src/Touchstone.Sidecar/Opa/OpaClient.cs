using System.Net.Http.Headers;
using Touchstone.Sidecar.Telemetry;

namespace Touchstone.Sidecar.Opa;

/// <summary>Asks an Open Policy Agent by its Data API: <c>POST /v1/data/…</c> with the input, 200 with the result. Once: what does not come in time is not asked again.</summary>
internal sealed class OpaClient : IDisposable
{
    private const int MaxAnswer = 64 << 10, MostWaiting = 1000;

    private readonly OpaConfig _config;
    private readonly SidecarMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _calls;
    private int _waiting;

    internal OpaClient(OpaConfig config, SidecarMetrics metrics, TimeProvider time)
    {
        (_config, _metrics, _time, _calls) = (config, metrics, time, new SemaphoreSlim(config.MaxConnections));
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = config.MaxConnections, PooledConnectionLifetime = TimeSpan.FromMinutes(5), UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Whether a request passes while the agent is out of reach.</summary>
    internal bool IsOpen => _config.IsOpen;

    internal async ValueTask<OpaAnswer> AskAsync(OpaQuestion question, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var answer = await AskInTimeAsync(question, cancellationToken);
        _metrics.PolicyAsked(answer.Outcome, _time.GetElapsedTime(began));
        return answer;
    }

    public void Dispose()
    {
        _http.Dispose();
        _calls.Dispose();
    }

    private async ValueTask<OpaAnswer> AskInTimeAsync(OpaQuestion question, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_config.Timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var hasTurn = false;
        try
        {
            if (Interlocked.Increment(ref _waiting) > MostWaiting + _config.MaxConnections) return new OpaAnswer(OpaOutcome.Overloaded);
            await _calls.WaitAsync(both.Token);
            hasTurn = true;
            try
            {
                return await SendAsync(question, both.Token);
            }
            finally
            {
                _calls.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new OpaAnswer(hasTurn ? OpaOutcome.Timeout : OpaOutcome.Overloaded);
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException)
        {
            // What ends after it began may end so for just this request.
            return new OpaAnswer(failed is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } ? OpaOutcome.Unreachable : OpaOutcome.Error);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<OpaAnswer> SendAsync(OpaQuestion question, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _config.UrlOf(question.Rule.OpaPath!)) { Content = new ReadOnlyMemoryContent(question.Write()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var body = new byte[MaxAnswer + 1];
        var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
        return length > MaxAnswer ? default : OpaAnswer.Of((int)response.StatusCode, body.AsSpan(0, length));
    }
}

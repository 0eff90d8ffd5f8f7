using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json;

namespace Touchstone.Cli;

/// <summary>One HTTP exchange with the server, told as a value: its JSON answer, or why there is none.</summary>
internal sealed class Wire : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly string _server;

    internal Wire(Uri server)
    {
        _server = server.GetLeftPart(UriPartial.Path).TrimEnd('/');
        var handler = new SocketsHttpHandler
        {
            // A redirect would carry credentials to a place nobody named.
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy from the environment would see what loopback was meant to hide.
            UseProxy = !server.IsLoopback,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(_server + "/"), Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 16 << 20 };
        var version = typeof(Wire).Assembly.GetName().Version?.ToString(3);
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("touchstone", version));
    }

    internal Task<Outcome<JsonElement>> PostFormAsync(string path, Credentials caller, CancellationToken stop, params KeyValuePair<string, string>[] form) =>
        SendAsync(HttpMethod.Post, path, new FormUrlEncodedContent(form), caller.ToBasic(), stop);

    internal async Task<Outcome<JsonElement>> SendAsync(
        HttpMethod method, string path, HttpContent? content, AuthenticationHeaderValue authorization, CancellationToken stop, TimeSpan wait = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience + wait);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Authorization = authorization;
        request.Headers.Accept.ParseAdd("application/json");
        try
        {
            using var response = await _http.SendAsync(request, patience.Token);
            var body = await response.Content.ReadAsByteArrayAsync(patience.Token);
            return AnswerJudge.Judge((int)response.StatusCode, _server, body);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return Failure.Unreachable($"no answer from {_server} within {(Patience + wait).TotalSeconds:0} s");
        }
        catch (HttpRequestException exception)
        {
            return Failure.Unreachable(Explain(exception));
        }
    }

    public void Dispose() => _http.Dispose();

    private string Explain(HttpRequestException exception) => exception.HttpRequestError switch
    {
        HttpRequestError.ConnectionError => $"no connection to {_server}: is 'touchstone serve' running there? --server names another address",
        HttpRequestError.NameResolutionError => $"no address is known for the host of {_server}: check --server",
        HttpRequestError.SecureConnectionError => $"no TLS connection to {_server}: {(exception.InnerException ?? exception).Message}",
        _ => $"no usable answer from {_server}: {exception.Message}",
    };
}

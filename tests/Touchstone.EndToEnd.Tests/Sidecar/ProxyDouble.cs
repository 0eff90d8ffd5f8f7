using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>A server that stands in for a proxy which can't be installed, and keeps to what its documentation says. Targets and headers go on byte for byte, each header line by itself.</summary>
internal abstract class ProxyDouble : IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>Of a request: its method, the target as it came, and its header lines.</summary>
    protected sealed record Asked(string Method, string Target, string Host, List<KeyValuePair<string, string>> Headers)
    {
        internal IEnumerable<string> All(string name) => Headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(static header => header.Value);

        internal void Remove(string name) => Headers.RemoveAll(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase));

        internal void Set(string name, string value)
        {
            Remove(name);
            Headers.Add(new(name, value));
        }
    }

    protected abstract Task ServeAsync(HttpContext http, Asked asked);

    protected async Task ListenAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(http => ServeAsync(http, new Asked(http.Request.Method, http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, http.Request.Host.Value!, [.. http.Request.Headers.SelectMany(static header => header.Value.Select(value => KeyValuePair.Create(header.Key, value!)))])));
        await _app.StartAsync();
    }

    /// <summary>Asks a server; null where there is no answer in time.</summary>
    protected static async Task<Answer?> SendAsync(Uri server, Asked asked, TimeSpan timeout)
    {
        var text = new StringBuilder($"{asked.Method} {asked.Target} HTTP/1.1\r\nHost: {asked.Host}\r\nConnection: close\r\n");
        foreach (var (name, value) in asked.Headers)
        {
            if (name is not ("Host" or "Connection" or "Transfer-Encoding")) text.Append(name).Append(": ").Append(value).Append("\r\n");
        }
        try
        {
            return await RawHttp.SendAsync(server, text.Append("\r\n").ToString()).WaitAsync(timeout);
        }
        catch (Exception error) when (error is IOException or SocketException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Gives the client an answer.</summary>
    protected static Task AnswerAsync(HttpContext http, int status, Answer? answer = null)
    {
        http.Response.StatusCode = status;
        foreach (var header in answer?.Headers ?? [])
        {
            if (!header.Key.Equals("Connection", StringComparison.OrdinalIgnoreCase) && !header.Key.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)) http.Response.Headers.Append(header.Key, header.Value);
        }
        return http.Response.Body.WriteAsync(answer?.Body ?? []).AsTask();
    }

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? default;
}

using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>A gateway in front of the real server, which passes introspections on, or answers in its place as broken gateways and servers do.</summary>
internal sealed class Front : IAsyncDisposable
{
    private static readonly TimeSpan Slowness = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;
    private readonly HttpClient _server;
    private volatile Outage _outage;

    private Front(WebApplication app, Uri server)
    {
        _app = app;
        _server = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = server };
    }

    internal Uri Address => new(_app.Urls.First());

    internal static async Task<Front> StartAsync(Uri server)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var front = new Front(builder.Build(), server);
        front._app.Run(front.AnswerAsync);
        await front._app.StartAsync();
        return front;
    }

    /// <summary>From now on it answers like this.</summary>
    internal void Break(Outage outage) => _outage = outage;

    /// <summary>It passes on again.</summary>
    internal void Heal() => _outage = Outage.None;

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _server.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        try
        {
            switch (_outage)
            {
                case Outage.Failing: http.Response.StatusCode = StatusCodes.Status500InternalServerError; return;
                case Outage.Throttling: http.Response.StatusCode = StatusCodes.Status429TooManyRequests; return;
                case Outage.Garbled: await WriteAsync(http, """{"active":tr"""u8.ToArray()); return;
                case Outage.Slow: await Task.Delay(Slowness, TimeProvider.System, http.RequestAborted); break;
            }
            await PassAsync(http);
        }
        catch (OperationCanceledException)
        {
            // Whoever asked went away.
        }
    }

    private async Task PassAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, Encoding.ASCII);
        using var request = new HttpRequestMessage(HttpMethod.Post, http.Request.Path.Value)
        {
            Content = new StringContent(await reader.ReadToEndAsync(http.RequestAborted), Encoding.ASCII, "application/x-www-form-urlencoded"),
        };
        request.Content.Headers.ContentType!.CharSet = null;
        request.Headers.TryAddWithoutValidation("Authorization", http.Request.Headers.Authorization.ToString());
        using var answer = await _server.SendAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)answer.StatusCode;
        await WriteAsync(http, await answer.Content.ReadAsByteArrayAsync(http.RequestAborted));
    }

    private static Task WriteAsync(HttpContext http, byte[] json)
    {
        http.Response.ContentType = "application/json";
        return http.Response.Body.WriteAsync(json, http.RequestAborted).AsTask();
    }
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Client.Tests.Upstream;

/// <summary>A server that is asked about many tokens at once.</summary>
internal sealed class BatchServer : IAsyncDisposable
{
    private readonly OtherServer _server;
    private int _batches, _singles;

    private BatchServer(OtherServer server) => _server = server;

    internal ManualTime Time { get; } = new();

    internal int Batches => Volatile.Read(ref _batches);

    internal int Singles => Volatile.Read(ref _singles);

    internal Func<string, string> ResultOf { get; set; } = Active;

    internal string? Whole { get; set; }

    internal int Status { get; set; } = 200;

    internal static string Active(string token) => JsonSerializer.Serialize(new { active = true, sub = token });

    internal static async Task<BatchServer> StartAsync()
    {
        var server = new BatchServer(await OtherServer.StartAsync());
        server._server.Behavior = server.AnswerAsync;
        return server;
    }

    internal IntrospectionClient Client(TimeSpan window, int size = 10) =>
        _server.Client(options => (options.BatchWindow, options.BatchSize, options.BatchEndpoint, options.TryTimeout) = (window, size, new Uri(_server.Address, "/batch"), options.Timeout), Time);

    private Task AnswerAsync(HttpContext http)
    {
        var tokens = http.Request.Form["token"];
        if (http.Request.Path != "/batch")
        {
            Interlocked.Increment(ref _singles);
            return OtherServer.AnswerAsync(http, ResultOf(tokens!));
        }
        Interlocked.Increment(ref _batches);
        return Status != 200 ? OtherServer.RefuseAsync(http, Status) : OtherServer.AnswerAsync(http, Whole ?? $$"""{"results":[{{string.Join(',', tokens.Select(token => ResultOf(token!)))}}]}""");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

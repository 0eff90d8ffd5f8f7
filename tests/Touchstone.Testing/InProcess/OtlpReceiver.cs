using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Touchstone.Testing.InProcess;

/// <summary>What an OpenTelemetry collector is to an exporter: it takes OTLP over HTTP, and over gRPC, and shows what came.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, ProtoFields Message, string Headers)> _came = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>Where OTLP over HTTP is taken.</summary>
    public string Url => _app.Urls.First();

    /// <summary>Where gRPC is taken.</summary>
    public string GrpcUrl => _app.Urls.Last();

    /// <summary>The headers of all requests.</summary>
    public string Headers => string.Join('\n', _came.Select(each => each.Headers));

    /// <summary>Every span.</summary>
    public IReadOnlyList<OtlpSpan> Spans =>
    [
        .. Of("traces").SelectMany(each => each.All(1)).SelectMany(resource => resource.All(2).SelectMany(scope => scope.All(2))
            .Select(span => new OtlpSpan(span.At(5).Text, span.At(1).Hex, span.At(4).Hex, Attributes(span.All(9)), (int)span.At(15).Number(3)))),
    ];

    /// <summary>The name of every metric.</summary>
    public IReadOnlyCollection<string> Metrics => Of("metrics").SelectMany(each => each.All(1)).SelectMany(resource => resource.All(2)).SelectMany(scope => scope.All(2)).Select(metric => metric.At(1).Text).ToHashSet();

    /// <summary>The text of every log line, and the trace that it belongs to.</summary>
    public IReadOnlyList<(string Text, string Trace)> Logs => [.. Of("logs").SelectMany(each => each.All(1)).SelectMany(resource => resource.All(2)).SelectMany(scope => scope.All(2)).Select(line => (line.At(5, 1).Text, line.At(9).Hex))];

    /// <summary>What a signal's resource is said to be: <c>traces</c>, <c>metrics</c> or <c>logs</c>.</summary>
    public IReadOnlyDictionary<string, string> Resource(string signal) => Attributes(Of(signal).First().At(1, 1).All(1));

    /// <summary>All bytes that came, as text.</summary>
    public string Everything => string.Join('\n', _came.Select(each => each.Message.Text));

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var receiver = new OtlpReceiver(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private IEnumerable<ProtoFields> Of(string signal) => _came.Where(each => each.Path.Contains(signal[..^1], StringComparison.OrdinalIgnoreCase)).Select(each => each.Message);

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var isGrpc = http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;
        // gRPC has five bytes before the message: a flag and its length; and tells how it went in a trailer.
        _came.Enqueue((http.Request.Path, new ProtoFields(body.ToArray().AsMemory(isGrpc ? 5 : 0)), string.Join('\n', http.Request.Headers.Select(header => $"{header.Key}: {header.Value}"))));
        http.Response.ContentType = isGrpc ? "application/grpc" : "application/x-protobuf";
        if (!isGrpc) return;
        await http.Response.Body.WriteAsync(new byte[5]);
        http.Response.AppendTrailer("grpc-status", "0");
    }

    private static Dictionary<string, string> Attributes(IEnumerable<ProtoFields> attributes) =>
        attributes.ToDictionary(attribute => attribute.At(1).Text, attribute => attribute.At(2, 1).Text is { Length: > 0 } text ? text : attribute.At(2).Number(3).ToString(System.Globalization.CultureInfo.InvariantCulture));
}

/// <summary>A span as it was received; 2 is the status of an error.</summary>
public sealed record OtlpSpan(string Name, string Trace, string Parent, IReadOnlyDictionary<string, string> Attributes, int Status);

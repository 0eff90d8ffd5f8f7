using Microsoft.AspNetCore.Http;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Touchstone.Server.Telemetry;

/// <summary><c>GET /metrics</c>: our meter, Kestrel's and the runtime's, in the Prometheus text format.</summary>
internal sealed class MetricsEndpoint : IDisposable
{
    private readonly PrometheusText _text = new();
    private readonly MeterProvider _provider;

    // The metrics are asked for so that their meter is there before the first request.
    public MetricsEndpoint(ServerMetrics metrics)
    {
        _ = metrics;
        _provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("touchstone"))
            .AddMeter(ServerMetrics.MeterName, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel")
            .AddReader(new BaseExportingMetricReader(_text))
            .Build();
    }

    internal Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = PrometheusText.MediaType;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(_text.Read(), http.RequestAborted);
    }

    public void Dispose() => _provider.Dispose();
}

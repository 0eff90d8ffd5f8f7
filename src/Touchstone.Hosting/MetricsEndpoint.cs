using Microsoft.AspNetCore.Http;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Touchstone.Hosting;

/// <summary><c>GET /metrics</c>: meters of ours, Kestrel's and the runtime's, in the Prometheus text format.</summary>
internal sealed class MetricsEndpoint : IDisposable
{
    // The SDK makes room for 2,000 series of each instrument at once, where no more than this can be. An idle sidecar had allocated 11.4 MB with that, and 3.7 with this (dotnet_gc_heap_total_allocated_bytes_total).
    private const int MostSeries = 300;

    private readonly PrometheusText _text = new();
    private readonly MeterProvider _provider;

    /// <summary>Begins to collect.</summary>
    /// <param name="service">What the process is called.</param>
    /// <param name="wide">The instruments that may have more series than most.</param>
    /// <param name="meters">The names of our meters.</param>
    internal MetricsEndpoint(string service, string[] wide, params string[] meters) =>
        _provider = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService(service)) // Its own would look for the name of the process.
            .AddMeter([.. meters, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel"])
            .AddView(instrument => wide.Contains(instrument.Name) ? null : new MetricStreamConfiguration { CardinalityLimit = MostSeries })
            .AddReader(new BaseExportingMetricReader(_text))
            .Build();

    internal Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = PrometheusText.MediaType;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(_text.Read(), http.RequestAborted);
    }

    public void Dispose() => _provider.Dispose();
}

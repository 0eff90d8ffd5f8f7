using Microsoft.AspNetCore.Http;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Touchstone.Hosting;

/// <summary><c>GET /metrics</c>: meters of ours, Kestrel's and the runtime's, in the Prometheus text format.</summary>
internal sealed class MetricsEndpoint : IDisposable
{
    private readonly PrometheusText _text = new();
    private readonly MeterProvider _provider;

    /// <summary>Begins to collect.</summary>
    /// <param name="service">What the process is called.</param>
    /// <param name="meters">The names of our meters.</param>
    internal MetricsEndpoint(string service, params string[] meters) =>
        _provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService(service))
            .AddMeter([.. meters, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel"])
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

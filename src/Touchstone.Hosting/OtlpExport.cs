using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Touchstone.Hosting;

/// <summary>What a process tells of itself.</summary>
/// <param name="Service">Its <c>service.name</c>.</param>
/// <param name="Meters">Its meters.</param>
/// <param name="Sources">Its activity sources.</param>
internal sealed record OtlpSource(string Service, string[] Meters, string[] Sources)
{
    /// <summary>Its <c>cloud.region</c>; null: none.</summary>
    internal string? Region { get; init; }
}

/// <summary>
/// Metrics, spans and log lines for an OpenTelemetry collector. Made only where one is configured, so that it costs nothing otherwise. Spans and lines wait in bounded queues of the SDK and are dropped
/// when these are full: no request ever waits for a collector.
/// </summary>
internal sealed class OtlpExport(OtlpTarget target, OtlpSource source, IConfiguration variables) : IHostedService, IDisposable
{
    // A collector that hangs must not hold up a restart.
    private const int PatienceMilliseconds = 2000;

    // One name for the three signals of this process.
    private static readonly string Instance = Guid.NewGuid().ToString();

    private TracerProvider? _traces;
    private MeterProvider? _meters;

    /// <summary>Adds it to a host, where a collector is named.</summary>
    internal static void Add(WebApplicationBuilder builder, OtlpTarget target, OtlpSource source, IConfiguration variables)
    {
        if (!target.IsOn(variables)) return;
        builder.Services.AddHostedService(_ => new OtlpExport(target, source, variables));
        if (!target.Logs) return;
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.SetResourceBuilder(Resource(source));
            logs.AddOtlpExporter((exporter, processor) =>
            {
                target.Direct(exporter, variables, "logs");
                processor.BatchExportProcessorOptions.ExporterTimeoutMilliseconds = PatienceMilliseconds;
            });
        });
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (target.Traces)
        {
            _traces = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(Resource(source))
                .SetSampler(new AlwaysOnSampler())
                .AddSource(source.Sources)
                .AddProcessor(new SpanChoice(target.Slow, target.SampleOneIn))
                .AddOtlpExporter(exporter => target.Direct(exporter, variables, "traces"))
                .Build();
        }
        if (target.Metrics)
        {
            _meters = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(Resource(source))
                .AddMeter([.. source.Meters, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel"])
                .AddOtlpExporter(exporter => target.Direct(exporter, variables, "metrics"))
                .Build();
        }
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Task.Run(() => _traces?.Shutdown(PatienceMilliseconds), CancellationToken.None), Task.Run(() => _meters?.Shutdown(PatienceMilliseconds), CancellationToken.None));
        Dispose();
    }

    public void Dispose()
    {
        _traces?.Dispose();
        _meters?.Dispose();
    }

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last and win.
    private static ResourceBuilder Resource(OtlpSource source)
    {
        var resource = ResourceBuilder.CreateEmpty().AddTelemetrySdk()
            .AddService(source.Service, serviceVersion: typeof(OtlpExport).Assembly.GetName().Version?.ToString(3), serviceInstanceId: Instance);
        if (source.Region is { } region) resource.AddAttributes([new("cloud.region", region)]);
        return resource.AddEnvironmentVariableDetector();
    }
}

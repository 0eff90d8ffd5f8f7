using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Touchstone.Server.Telemetry;

/// <summary>
/// Metrics, spans and log lines for an OpenTelemetry collector. Made only where one is configured, so that it costs nothing otherwise. Spans and lines wait in bounded queues of the SDK and are dropped
/// when these are full: no request ever waits for a collector.
/// </summary>
internal sealed class OtlpExport(ServerOptions options, IConfiguration configuration, ServerMetrics metrics) : IHostedService, IDisposable
{
    // A collector that hangs must not hold up a restart.
    private const int PatienceMilliseconds = 2000;

    private TracerProvider? _traces;
    private MeterProvider? _meters;

    /// <summary>Whether a collector is named, by a setting of ours or by an environment variable of OpenTelemetry.</summary>
    internal static bool IsOn(OtlpOptions options, IConfiguration configuration) =>
        !"true".Equals(configuration["OTEL_SDK_DISABLED"], StringComparison.OrdinalIgnoreCase)
        && (options.Endpoint is not null || ((string[])["", "TRACES_", "METRICS_", "LOGS_"]).Any(signal => configuration[$"OTEL_EXPORTER_OTLP_{signal}ENDPOINT"] is { Length: > 0 }));

    internal static void Add(WebApplicationBuilder builder, ServerOptions options)
    {
        builder.Services.AddHostedService<OtlpExport>();
        if (!options.Otlp.Logs) return;
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.SetResourceBuilder(Resource(options));
            logs.AddOtlpExporter((exporter, processor) =>
            {
                Direct(exporter, options.Otlp, builder.Configuration, "logs");
                processor.BatchExportProcessorOptions.ExporterTimeoutMilliseconds = PatienceMilliseconds;
            });
        });
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = metrics; // Its meter is there before the first request.
        if (options.Otlp.Traces)
        {
            _traces = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(Resource(options))
                .SetSampler(new AlwaysOnSampler())
                .AddSource(ServerMetrics.ActivitySourceName)
                .AddProcessor(new SpanChoice(options.Otlp))
                .AddOtlpExporter(exporter => Direct(exporter, options.Otlp, configuration, "traces"))
                .Build();
        }
        if (options.Otlp.Metrics)
        {
            _meters = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(Resource(options))
                .AddMeter(ServerMetrics.MeterName, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel")
                .AddOtlpExporter(exporter => Direct(exporter, options.Otlp, configuration, "metrics"))
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
    private static ResourceBuilder Resource(ServerOptions options)
    {
        var resource = ResourceBuilder.CreateEmpty().AddTelemetrySdk()
            .AddService("touchstone", serviceVersion: typeof(OtlpExport).Assembly.GetName().Version?.ToString(3), serviceInstanceId: Instance);
        if (options.Region is { } region) resource.AddAttributes([new("cloud.region", region)]);
        return resource.AddEnvironmentVariableDetector();
    }

    // One name for the three signals of this process.
    private static readonly string Instance = Guid.NewGuid().ToString();

    private static void Direct(OtlpExporterOptions exporter, OtlpOptions options, IConfiguration configuration, string signal)
    {
        // The SDK reads the variables of all signals; those of one alone are read here.
        string? Variable(string name) => configuration[$"OTEL_EXPORTER_OTLP_{signal.ToUpperInvariant()}_{name}"] is { Length: > 0 } value ? value : null;

        if ((options.Protocol ?? Variable("PROTOCOL")) is { } protocol) exporter.Protocol = protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        if ((options.Headers ?? Variable("HEADERS")) is { } headers) exporter.Headers = headers;
        if (options.Endpoint is { } common) exporter.Endpoint = new Uri(exporter.Protocol == OtlpExportProtocol.Grpc ? common : $"{common.TrimEnd('/')}/v1/{signal}");
        else if (Variable("ENDPOINT") is { } own) exporter.Endpoint = new Uri(own);
    }
}

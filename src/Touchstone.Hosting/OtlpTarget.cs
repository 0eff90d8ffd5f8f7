using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace Touchstone.Hosting;

/// <summary>A collector, and what it is sent. What is null here is for the variables of OpenTelemetry to say.</summary>
internal sealed record OtlpTarget
{
    /// <summary>Its URL, without the path of a signal; null: that of the variables.</summary>
    internal string? Endpoint { get; init; }

    /// <summary><c>grpc</c> or <c>http/protobuf</c>.</summary>
    internal string? Protocol { get; init; }

    /// <summary>Headers for it: <c>name=value,name=value</c>.</summary>
    internal string? Headers { get; init; }

    internal bool Metrics { get; init; } = true;

    internal bool Traces { get; init; } = true;

    internal bool Logs { get; init; } = true;

    /// <summary>One of how many ordinary spans is exported; 0: none.</summary>
    internal int SampleOneIn { get; init; } = 100;

    /// <summary>From how long on a span is slow, and always exported.</summary>
    internal TimeSpan Slow { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether a collector is named, here or by a variable of OpenTelemetry.</summary>
    internal bool IsOn(IConfiguration variables) =>
        !"true".Equals(variables["OTEL_SDK_DISABLED"], StringComparison.OrdinalIgnoreCase)
        && (Endpoint is not null || ((string[])["", "TRACES_", "METRICS_", "LOGS_"]).Any(signal => variables[$"OTEL_EXPORTER_OTLP_{signal}ENDPOINT"] is { Length: > 0 }));

    /// <summary>What is wrong with an endpoint or a protocol, without the name of the setting; null: nothing.</summary>
    internal static string? FaultOfEndpoint(string? endpoint) => endpoint is null || (Uri.TryCreate(endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") ? null : "must be an http or https URL such as http://127.0.0.1:4318.";

    internal static string? FaultOfProtocol(string? protocol) => protocol is null or "grpc" or "http/protobuf" ? null : "must be grpc or http/protobuf.";

    /// <summary>Tells an exporter where to send one signal.</summary>
    internal void Direct(OtlpExporterOptions exporter, IConfiguration variables, string signal)
    {
        // The SDK reads the variables of all signals; those of one alone are read here.
        string? Variable(string name) => variables[$"OTEL_EXPORTER_OTLP_{signal.ToUpperInvariant()}_{name}"] is { Length: > 0 } value ? value : null;

        if ((Protocol ?? Variable("PROTOCOL")) is { } protocol) exporter.Protocol = protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        if ((Headers ?? Variable("HEADERS")) is { } headers) exporter.Headers = headers;
        if (Endpoint is { } common) exporter.Endpoint = new Uri(exporter.Protocol == OtlpExportProtocol.Grpc ? common : $"{common.TrimEnd('/')}/v1/{signal}");
        else if (Variable("ENDPOINT") is { } own) exporter.Endpoint = new Uri(own);
    }
}

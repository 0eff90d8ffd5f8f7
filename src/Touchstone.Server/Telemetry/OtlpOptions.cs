using Touchstone.Hosting;
using Touchstone.Server.Settings;

namespace Touchstone.Server.Telemetry;

/// <summary>Export of metrics, traces and logs to an OpenTelemetry collector (OTLP). Off without an endpoint, here or in <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>; what is given here wins over the <c>OTEL_</c> variables.</summary>
public sealed class OtlpOptions
{
    /// <summary>The collector, without the path of a signal: <c>http://127.0.0.1:4318</c>. Default none: off, unless an <c>OTEL_EXPORTER_OTLP_…ENDPOINT</c> names one.</summary>
    [Setting(Range = "an http or https URL", Default = "none: off")]
    public string? Endpoint { get; set; }

    /// <summary>How it is spoken to: <c>grpc</c> (usually port 4317) or <c>http/protobuf</c> (4318).</summary>
    [Setting(Range = "grpc or http/protobuf", Default = "`OTEL_EXPORTER_OTLP_PROTOCOL`, or grpc")]
    public string? Protocol { get; set; }

    /// <summary>Headers for the collector, such as its API key: <c>name=value,name=value</c>. Never shown.</summary>
    [Setting(Range = "name=value, with commas between", Default = "`OTEL_EXPORTER_OTLP_HEADERS`, or none", IsSecret = true)]
    public string? Headers { get; set; }

    /// <summary>Whether metrics are exported. Default true.</summary>
    public bool Metrics { get; set; } = true;

    /// <summary>Whether spans are exported. Default true.</summary>
    public bool Traces { get; set; } = true;

    /// <summary>Whether log lines are exported; they go to standard error all the same. Default true.</summary>
    public bool Logs { get; set; } = true;

    /// <summary>One of this many ordinary requests is exported as a span, 1 to 1,000,000; 0: none. Default 100. Failed and slow ones are always exported, and those that their caller sampled.</summary>
    [Setting(Zero = "none", Min = "1", Max = "1000000")]
    public int SampleOneIn { get; set; } = 100;

    /// <summary>From how long on a request is slow, 1 ms to 1 minute. Default 100 ms.</summary>
    [Setting(Min = "1 ms", Max = "1 minute")]
    public TimeSpan SlowRequest { get; set; } = TimeSpan.FromMilliseconds(100);

    internal IEnumerable<string> Errors()
    {
        if (OtlpTarget.FaultOfEndpoint(Endpoint) is { } endpoint) yield return "Otlp:Endpoint: " + endpoint;
        if (OtlpTarget.FaultOfProtocol(Protocol) is { } protocol) yield return "Otlp:Protocol: " + protocol;
    }

    internal OtlpTarget ToTarget() => new() { Endpoint = Endpoint, Protocol = Protocol, Headers = Headers, Metrics = Metrics, Traces = Traces, Logs = Logs, SampleOneIn = SampleOneIn, Slow = SlowRequest };
}

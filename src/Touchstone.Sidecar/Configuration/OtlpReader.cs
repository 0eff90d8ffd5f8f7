using Touchstone.Hosting;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads <c>otlp</c>: the collector of OpenTelemetry.</summary>
internal static class OtlpReader
{
    internal static OtlpTarget Read(ConfigNode node)
    {
        var map = node.Map("endpoint", "protocol", "headers", "metrics", "traces", "logs", "sample_one_in", "slow_request");
        var target = new OtlpTarget
        {
            Endpoint = map["endpoint"]?.Text(),
            Protocol = map["protocol"]?.Text(),
            Headers = map["headers"]?.Text(),
            Metrics = map["metrics"]?.Truth() ?? true,
            Traces = map["traces"]?.Truth() ?? true,
            Logs = map["logs"]?.Truth() ?? true,
            SampleOneIn = map["sample_one_in"]?.Number() ?? 100,
            Slow = map["slow_request"]?.Duration() ?? TimeSpan.FromMilliseconds(100),
        };
        if (OtlpTarget.FaultOfEndpoint(target.Endpoint) is { } endpoint) map["endpoint"]!.Fault("It " + endpoint);
        if (OtlpTarget.FaultOfProtocol(target.Protocol) is { } protocol) map["protocol"]!.Fault("It " + protocol);
        if (target.SampleOneIn > 1_000_000) map["sample_one_in"]!.Fault("It is from 0, none, to 1000000.");
        return target;
    }
}

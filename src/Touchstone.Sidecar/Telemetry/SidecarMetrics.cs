using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.Opa;

namespace Touchstone.Sidecar.Telemetry;

/// <summary>Everything that the sidecar measures itself; its calls of servers are measured by the client. Names, units and labels are a promise to dashboards: docs/metrics.md lists them, and a test compares.</summary>
internal sealed class SidecarMetrics : IDisposable
{
    internal const string MeterName = "Touchstone.Sidecar";

    internal const string Decided = "touchstone.sidecar.decisions";
    internal const string Duration = "touchstone.sidecar.decision.duration";
    internal const string ByClient = "touchstone.sidecar.client.decisions";
    internal const string Admissions = "touchstone.sidecar.admissions";
    internal const string PolicyDuration = "touchstone.sidecar.policy.duration";
    internal const string RulesVersion = "touchstone.sidecar.rules.version";
    internal const string RulesRefused = "touchstone.sidecar.rules.refused";

    /// <summary>Those with a series for each rule and each reason.</summary>
    internal static readonly string[] Wide = [Decided, Admissions];

    /// <summary>The rule of a decision that no rule made, and that of all rules beyond the hundredth.</summary>
    internal const string NoRule = "none", OtherRule = "other";

    /// <summary>What came of a decision.</summary>
    internal static readonly string[] Outcomes = ["allowed", "refused", "cannot_tell"];

    /// <summary>What came of asking a policy.</summary>
    internal static readonly string[] PolicyOutcomes = ["malformed", "error", "overloaded", "timeout", "unreachable", "refused", "allowed"];

    // Names come from a file, and each file that is taken may bring others.
    private const int MostRules = 100;

    private static readonly double[] Buckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

    private readonly Meter _meter = new(MeterName);
    private readonly ConcurrentDictionary<string, string> _rules = new(StringComparer.Ordinal), _admissionRules = new(StringComparer.Ordinal);
    private readonly Counter<long> _decided, _admitted;
    private readonly Histogram<double> _duration, _policyDuration;

    internal SidecarMetrics(Func<int> version, Func<long> refused)
    {
        _decided = _meter.CreateCounter<long>(Decided, "{decision}", "Decisions about requests, by the rule and what decided.");
        _duration = _meter.CreateHistogram(Duration, "s", "How long decisions took.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets });
        _admitted = _meter.CreateCounter<long>(Admissions, "{decision}", "Decisions about requests of a cluster, by the rule of admission and what decided.");
        _policyDuration = _meter.CreateHistogram(PolicyDuration, "s", "How long it took to ask a policy, and what came of it.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets });
        _meter.CreateObservableGauge(ByClient, () => Clients.Measure().Select(static pair => new Measurement<long>(pair.Value, new KeyValuePair<string, object?>("client", pair.Key))), "{decision}", "Decisions about tokens of the clients that come most often, at most.");
        _meter.CreateObservableGauge(RulesVersion, version, "{version}", "The version of the rules in force; each file that is taken counts it up.");
        _meter.CreateObservableCounter(RulesRefused, refused, "{file}", "Changed files that were not taken, because they are not valid.");
    }

    /// <summary>Who comes most often.</summary>
    internal TopClients Clients { get; } = new();

    internal void Tell(in Decision decision, TimeSpan took)
    {
        _decided.Add(1, new("rule", RuleOf(decision, _rules)), new("reason", decision.Reason));
        _duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("outcome", OutcomeOf(decision.Verdict)));
        if (decision.Token?.ClientId is { } client) Clients.Count(client);
    }

    internal void Admitted(in Decision decision)
    {
        _admitted.Add(1, new("rule", RuleOf(decision, _admissionRules)), new("reason", decision.Reason));
        if (decision.Token?.ClientId is { } client) Clients.Count(client);
    }

    internal void PolicyAsked(OpaOutcome outcome, TimeSpan took) => _policyDuration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("policy_outcome", PolicyOutcomes[(int)outcome]));

    internal static string OutcomeOf(Verdict verdict) => verdict switch { Verdict.Allowed => Outcomes[0], Verdict.CannotTell => Outcomes[2], _ => Outcomes[1] };

    public void Dispose() => _meter.Dispose();

    private static string RuleOf(in Decision decision, ConcurrentDictionary<string, string> names)
    {
        if (decision.Rule is not { } rule) return NoRule;
        if (names.TryGetValue(rule.Name, out var known)) return known;
        return names.Count < MostRules ? names.GetOrAdd(rule.Name, rule.Name) : OtherRule;
    }
}

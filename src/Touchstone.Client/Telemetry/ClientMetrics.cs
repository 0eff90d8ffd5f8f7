using System.Diagnostics;
using System.Diagnostics.Metrics;
using Polly.CircuitBreaker;
using Touchstone.Client.Follow;
using Touchstone.Client.Shared;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Telemetry;

/// <summary>Everything that a client measures. Names, units and labels are a promise to dashboards: docs/metrics.md lists them, and a test compares. Where nobody listens, a check pays for one comparison.</summary>
internal sealed class ClientMetrics : IDisposable
{
    internal const string MeterName = "Touchstone.Client";

    internal const string Checks = "touchstone.client.checks";
    internal const string Age = "touchstone.client.check.age";
    internal const string CallDuration = "touchstone.client.call.duration";
    internal const string Retries = "touchstone.client.call.retries";
    internal const string Joined = "touchstone.client.calls.joined";
    internal const string Breaker = "touchstone.client.breaker.open";
    internal const string ClockSkew = "touchstone.client.clock.skew";
    internal const string SharedLookups = "touchstone.client.shared.lookups";
    internal const string SharedBreaker = "touchstone.client.shared.breaker.open";
    internal const string Entries = "touchstone.client.memory.entries";
    internal const string Bytes = "touchstone.client.memory.size";
    internal const string Evictions = "touchstone.client.memory.evictions";
    internal const string FeedFollowed = "touchstone.client.feed.followed";
    internal const string FeedHead = "touchstone.client.feed.head";
    internal const string FeedLag = "touchstone.client.feed.lag";
    internal const string FeedEvents = "touchstone.client.feed.events";
    internal const string EnforcementDelay = "touchstone.client.enforcement.delay";

    internal static readonly string[] Outcomes = ["cannot_tell", "inactive", "active"], Sources = ["server", "memory", "shared", "stale", "open", "shape", "jwt"],
        Faults = ["none", "unreachable", "timeout", "server_error", "throttled", "refused", "malformed", "breaker_open", "overloaded", "outdated", "keys_unavailable", "unfollowed", "unknown_key"],
        Lookups = ["hit", "miss", "invalid", "failed"];

    private static readonly double[] CallBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5], AgeBuckets = [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
        DelayBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

    private readonly Meter _meter;
    private readonly Counter<long> _checks;
    private readonly Histogram<double> _age, _callDuration, _enforcementDelay;
    private readonly KeyValuePair<string, object?> _name;

    /// <summary>The instruments of a client.</summary>
    /// <param name="name">What it is called among those of the process.</param>
    internal ClientMetrics(string name)
    {
        _name = new("touchstone.client.name", name);
        _meter = new Meter(MeterName, version: null, tags: [_name]);
        _checks = _meter.CreateCounter<long>(Checks, "{check}", "Checks of tokens, and what came of them.");
        _age = _meter.CreateHistogram(Age, "s", "How old the answers were that checks used from memory.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = AgeBuckets });
        _callDuration = _meter.CreateHistogram(CallDuration, "s", "How long it took to ask the server, retries included.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = CallBuckets });
        _enforcementDelay = _meter.CreateHistogram(EnforcementDelay, "s", "How long the server had known the first revocation of an answer of the feed when this client began to obey it; the way of the answer does not count.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DelayBuckets });
    }

    /// <summary>The feed told of revocations, and they are obeyed from now on.</summary>
    internal void Enforced(TimeSpan delay)
    {
        if (_enforcementDelay.Enabled) _enforcementDelay.Record(delay.TotalSeconds);
    }

    /// <summary>Watches the parts of a client.</summary>
    internal void Watch(IntrospectionClient client, TimeProvider time)
    {
        _meter.CreateObservableCounter(Retries, () => client.Calls.Retries, "{retry}", "Failed tries that were repeated.");
        _meter.CreateObservableGauge(ClockSkew, () => client.Endpoint.ClockSkew.TotalSeconds, "s", "By how much the clock of the server was ahead when it last answered, to the second.");
        _meter.CreateObservableCounter(SharedLookups, () => Lookups.Select((name, at) => new Measurement<long>(client.Shared?.Lookups((SharedLookup)at) ?? 0, new KeyValuePair<string, object?>("lookup", name))), "{lookup}", "Looks into the shared cache, and what came of them.");
        _meter.CreateObservableGauge(SharedBreaker, () => client.Shared?.Breaker.CircuitState is CircuitState.Open ? 1 : 0, "{breaker}", "1 while the shared cache is left alone because it failed.");
        _meter.CreateObservableCounter(Joined, () => client.Flights.Joined, "{check}", "Checks that joined a call under way.");
        _meter.CreateObservableGauge(Breaker, () => client.Calls.Breaker.CircuitState is CircuitState.Open ? 1 : 0, "{breaker}", "1 while the server is left alone because most calls failed.");
        _meter.CreateObservableGauge(Entries, () => new Measurement<long>[] { new(client.Held.Active.Count, Room("active")), new(client.Held.Inactive.Count, Room("inactive")) }, "{entry}", "Answers in memory.");
        _meter.CreateObservableGauge(Bytes, () => client.Held.Active.Bytes, "By", "What answers about active tokens take, as counted against MaxBytes.");
        _meter.CreateObservableCounter(Evictions, () => new Measurement<long>[] { new(client.Held.Active.Evicted, Room("active")), new(client.Held.Inactive.Evicted, Room("inactive")) }, "{entry}", "Answers that left to make room.");
        _meter.CreateObservableGauge(FeedFollowed, () => client.Follower.At(time.Read()) is Freshness.Followed ? 1 : 0, "{feed}", "1 while the feed is followed, 0 while each check asks or there is no feed.");
        _meter.CreateObservableGauge(FeedHead, () => client.Follower.View.Head.Seq, "{row}", "The newest row of the revocation log that is known.");
        _meter.CreateObservableGauge(FeedLag, () => client.Follower.Lag.TotalSeconds, "s", "How long ago the feed last answered; 0 where none is followed.");
        _meter.CreateObservableCounter(FeedEvents, () => client.Follower.Events, "{event}", "Revocations that the feed told of.");
    }

    internal void Checked(in IntrospectionResult result)
    {
        if (_checks.Enabled) _checks.Add(1, new("outcome", Outcomes[(int)result.Outcome]), new("source", Sources[(int)result.Source]), new("fault", Faults[(int)result.Fault]));
        if (_age.Enabled && result.Source is IntrospectionSource.Memory or IntrospectionSource.Shared or IntrospectionSource.Stale) _age.Record(result.Age.TotalSeconds);
    }

    internal void Called(IntrospectionFault fault, TimeSpan duration)
    {
        if (_callDuration.Enabled) _callDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("fault", Faults[(int)fault]));
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?>[] Room(string name) => [new("room", name)];
}

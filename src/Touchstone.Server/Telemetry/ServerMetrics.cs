using System.Diagnostics;
using System.Diagnostics.Metrics;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Audit;
using Touchstone.Server.Feed;
using Touchstone.Server.Leases;
using Touchstone.Server.Limits;
using Touchstone.Server.Storage;
using Touchstone.Server.Tls;

namespace Touchstone.Server.Telemetry;

/// <summary>Everything the server measures. Names, units and labels are a promise to dashboards: docs/metrics.md lists them, and a test compares.</summary>
internal sealed class ServerMetrics : IDisposable
{
    internal const string MeterName = "Touchstone.Server";
    internal const string ActivitySourceName = "Touchstone.Server";

    internal const string RequestDuration = "touchstone.server.request.duration";
    internal const string Requests = "touchstone.server.requests";
    internal const string BatchTokens = "touchstone.server.batch.tokens";
    internal const string CacheLookups = "touchstone.server.record_cache.lookups";
    internal const string CacheBytes = "touchstone.server.record_cache.size";
    internal const string CacheEntries = "touchstone.server.record_cache.entries";
    internal const string StoreDuration = "touchstone.server.store.duration";
    internal const string Revocations = "touchstone.server.revocations";
    internal const string LogSeq = "touchstone.server.revocation_log.seq";
    internal const string LogFloor = "touchstone.server.revocation_log.floor";

    internal const string FeedWaiting = "touchstone.server.feed.waiting";
    internal const string FeedFollowers = "touchstone.server.feed.followers";
    internal const string FeedLag = "touchstone.server.feed.lag";
    internal const string FeedEvents = "touchstone.server.feed.events";
    internal const string FeedFloors = "touchstone.server.feed.floors";

    internal const string LeaseHeld = "touchstone.server.lease.held";
    internal const string LeaseWaits = "touchstone.server.lease.waits";
    internal const string BarrierDuration = "touchstone.server.barrier.duration";

    internal const string Detections = "touchstone.server.detections";
    internal const string LimitedAddresses = "touchstone.server.limits.addresses";
    internal const string CleanupRows = "touchstone.server.cleanup.rows";
    internal const string CleanupDuration = "touchstone.server.cleanup.duration";

    internal const string AuditRecords = "touchstone.server.audit.records";
    internal const string AuditDropped = "touchstone.server.audit.dropped";
    internal const string AuditSyslog = "touchstone.server.audit.syslog.messages";

    internal const string CertificateExpiry = "touchstone.server.certificate.expiry";
    internal const string CertificateReloads = "touchstone.server.certificate.reloads";

    /// <summary>Those with a series for each reason there is, or for each certificate.</summary>
    internal static readonly string[] Wide = [Requests, CertificateExpiry, CertificateReloads];

    /// <summary>From 50 µs, because an introspection from memory takes less than that.</summary>
    internal static readonly double[] DurationBuckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    internal static readonly ActivitySource Activities = new(ActivitySourceName);

    private readonly Meter _meter;
    private readonly Histogram<double> _requestDuration, _storeDuration, _cleanupDuration, _barrierDuration;
    private readonly Counter<long> _requests, _batchTokens, _revocations, _detections, _cleaned;
    private long _hits, _misses, _seq, _floor, _told, _floors, _waits;

    public ServerMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets };
        _requestDuration = _meter.CreateHistogram(RequestDuration, "s", "How long requests took.", advice: advice);
        _requests = _meter.CreateCounter<long>(Requests, "{request}", "Requests by endpoint, outcome and reason.");
        _batchTokens = _meter.CreateCounter<long>(BatchTokens, "{token}", "Tokens judged in batches, by reason.");
        _storeDuration = _meter.CreateHistogram(StoreDuration, "s", "How long the store took.", advice: advice);
        _revocations = _meter.CreateCounter<long>(Revocations, "{row}", "Rows appended to the revocation log, by kind.");
        _detections = _meter.CreateCounter<long>(Detections, "{detection}", "What looked like an attack, by kind.");
        _cleaned = _meter.CreateCounter<long>(CleanupRows, "{row}", "Rows that were over and left the store, by what they were.");
        _cleanupDuration = _meter.CreateHistogram(CleanupDuration, "s", "How long one batch of a clean-up held the writer.", advice: advice);
        _barrierDuration = _meter.CreateHistogram(BarrierDuration, "s", "How long a committed row waited until it bound every node.", advice: advice);
        _meter.CreateObservableCounter(LeaseWaits, () => Volatile.Read(ref _waits), "{request}", "Requests that waited for a read of the revocation log, because there was no lease.");
        _meter.CreateObservableCounter(
            CacheLookups,
            () => new Measurement<long>[] { new(Volatile.Read(ref _hits), Tag("result", "hit")), new(Volatile.Read(ref _misses), Tag("result", "miss")) },
            "{lookup}",
            "Look-ups in the record cache.");
        _meter.CreateObservableGauge(LogSeq, () => Volatile.Read(ref _seq), "{row}", "The newest row of the revocation log in memory.");
        _meter.CreateObservableGauge(LogFloor, () => Volatile.Read(ref _floor), "{row}", "Rows up to this one are judged in the store, not in memory.");
    }

    internal void Watch(RecordCache cache)
    {
        _meter.CreateObservableGauge(CacheBytes, () => cache.Bytes, "By", "Memory that cached records take, as counted against the bound.");
        _meter.CreateObservableGauge(CacheEntries, () => cache.Count, "{entry}", "Cached records.");
    }

    internal void Watch(Freshness freshness) =>
        _meter.CreateObservableGauge(LeaseHeld, () => freshness.IsHeld ? 1 : 0, "{lease}", "1 while this process may decide from memory, 0 while each request waits for the database.");

    internal void Watch(AddressLimits addresses) =>
        _meter.CreateObservableGauge(LimitedAddresses, () => addresses.Count, "{address}", "Addresses from which requests failed lately.");

    internal void Watch(FeedWaiters waiters, Followers followers, FollowersAdmin lags)
    {
        _meter.CreateObservableGauge(FeedWaiting, () => waiters.Count, "{poll}", "Polls of the feed that wait for news.");
        _meter.CreateObservableGauge(FeedFollowers, () => followers.CountHeld(), "{follower}", "Followers of this node that may hold a lease.");
        _meter.CreateObservableGauge(FeedLag, () => lags.WorstLag().TotalSeconds, "s", "For how long the oldest row is there that a follower with a lease has not acknowledged.");
        _meter.CreateObservableCounter(FeedEvents, () => Volatile.Read(ref _told), "{event}", "Events told to followers.");
        _meter.CreateObservableCounter(FeedFloors, () => Volatile.Read(ref _floors), "{floor}", "Answers of the feed with a floor in place of events.");
    }

    internal void Watch(AuditCounts audit)
    {
        _meter.CreateObservableCounter(
            AuditRecords,
            () => new Measurement<long>[] { new(audit.ChangeRecords, Tag("chain", "changes")), new(audit.IntrospectionRecords, Tag("chain", "introspections")) },
            "{record}",
            "Records written to the audit.");
        _meter.CreateObservableCounter(AuditDropped, () => audit.DroppedRecords, "{record}", "Records that the audit could not keep; a gap record tells of them.");
        _meter.CreateObservableCounter(
            AuditSyslog,
            () => new Measurement<long>[] { new(audit.SyslogSent, Tag("result", "sent")), new(audit.SyslogDropped, Tag("result", "dropped")) },
            "{message}",
            "Records handed to the syslog collector, and those for which its buffer had no room.");
    }

    internal void Watch(ServerCertificates certificates)
    {
        _meter.CreateObservableGauge(
            CertificateExpiry,
            () => certificates.All.Select(certificate => new Measurement<long>(certificate.NotAfter, Tag("certificate", certificate.Name))),
            "s",
            "When the certificate ends that new connections get, in seconds since 1970.");
        _meter.CreateObservableCounter(
            CertificateReloads,
            () => new Measurement<long>[] { new(certificates.Reloads.Loaded, Tag("result", "loaded")), new(certificates.Reloads.Refused, Tag("result", "refused")) },
            "{reload}",
            "Certificates in files that changed: taken, and those that could not be used.");
    }

    internal void Answered(string endpoint, string outcome, string reason, TimeSpan elapsed)
    {
        _requestDuration.Record(elapsed.TotalSeconds, Tag("endpoint", endpoint), Tag("outcome", outcome));
        _requests.Add(1, Tag("endpoint", endpoint), Tag("outcome", outcome), Tag("reason", reason));
    }

    internal void JudgedInBatch(string reason) => _batchTokens.Add(1, Tag("reason", reason));

    // Counted here and read when asked: an Add with a label costs ten times as much, and these are on the path of every introspection.
    internal void CacheHit() => Interlocked.Increment(ref _hits);

    internal void CacheMiss() => Interlocked.Increment(ref _misses);

    internal void StoreRead(TimeSpan elapsed) => _storeDuration.Record(elapsed.TotalSeconds, Tag("operation", "read"));

    internal void StoreWrote(TimeSpan elapsed) => _storeDuration.Record(elapsed.TotalSeconds, Tag("operation", "write"));

    internal void FeedTold(int events, bool isFloor)
    {
        Interlocked.Add(ref _told, events);
        if (isFloor) Interlocked.Increment(ref _floors);
    }

    internal void Revoked(SelectorKind kind) => _revocations.Add(1, Tag("kind", kind.ToString().ToLowerInvariant()));

    internal void Detected(string detection) => _detections.Add(1, Tag("detection", detection));

    internal void Cleaned(string what, int count, TimeSpan held)
    {
        _cleaned.Add(count, Tag("what", what));
        _cleanupDuration.Record(held.TotalSeconds);
    }

    internal void WaitedForLog() => Interlocked.Increment(ref _waits);

    internal void Enforced(TimeSpan elapsed) => _barrierDuration.Record(elapsed.TotalSeconds);

    internal void HeadMoved(long seq) => Volatile.Write(ref _seq, seq);

    internal void FloorRaised(long seq) => Volatile.Write(ref _floor, seq);

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}

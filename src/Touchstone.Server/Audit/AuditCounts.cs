namespace Touchstone.Server.Audit;

/// <summary>What the audit counts: the server's metrics read it when they are asked.</summary>
internal sealed class AuditCounts
{
    private long _introspections, _changes, _dropped, _syslogSent, _syslogDropped;

    internal long IntrospectionRecords => Volatile.Read(ref _introspections);

    internal long ChangeRecords => Volatile.Read(ref _changes);

    /// <summary>Records that could not be kept; a gap record stands for them.</summary>
    internal long DroppedRecords => Volatile.Read(ref _dropped);

    internal long SyslogSent => Volatile.Read(ref _syslogSent);

    internal long SyslogDropped => Volatile.Read(ref _syslogDropped);

    internal void Introspections(long count) => Interlocked.Add(ref _introspections, count);

    internal void Changes(long count) => Interlocked.Add(ref _changes, count);

    internal void Dropped(long count) => Interlocked.Add(ref _dropped, count);

    internal void Sent(long count) => Interlocked.Add(ref _syslogSent, count);

    internal void NotSent(long count) => Interlocked.Add(ref _syslogDropped, count);
}

using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;
using Touchstone.Server.Feed;
using Touchstone.Server.Leases;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Startup;

/// <summary>What the store brings into memory, and in which order: registrations before rows, since who sees a new head must not meet an old registration.</summary>
internal sealed class ServerMemory(RevocationLog log, ClientDirectory clients, RecordCache cache, FeedPump feed, ServerMetrics metrics) : ILogMemory
{
    /// <summary>What was loaded, before the first request.</summary>
    internal void Begin(StoreContents contents)
    {
        foreach (var registration in contents.Clients) clients.Put(registration);
        (log.Epoch, log.LastExpiry) = (contents.Epoch, contents.LastExpiry);
        log.Mark(contents.Marks);
        log.Publish(contents.Rows, contents.Seq);
        feed.Begin(HeadOf(contents));
        metrics.HeadMoved(contents.Seq);
    }

    /// <summary>A commit, in commit order, before anybody is told of it.</summary>
    internal void Take(IReadOnlyList<RevocationRow> rows, IReadOnlyList<ClientRegistration> registrations, long head)
    {
        foreach (var registration in registrations) clients.Put(registration);
        if (rows.Count == 0) return;
        log.Publish(rows, head);
        feed.Publish(rows);
        metrics.HeadMoved(head);
    }

    public void Mark(LogMarks marks) => log.Mark(marks);

    public IReadOnlyList<RevocationRow> Held() => log.Index.Rows();

    public void Restart(StoreContents contents)
    {
        clients.Replace(contents.Clients);
        log.Restart(contents);
        cache.Clear(); // What is being read now is of the old life, and is not kept.
        feed.Begin(HeadOf(contents));
        metrics.HeadMoved(contents.Seq);
    }

    // The newest row is never forgotten.
    private static LogCursor HeadOf(StoreContents contents) => new(contents.Epoch, contents.Seq, contents.Rows.Count == 0 ? Guid.Empty : contents.Rows[^1].Id);
}

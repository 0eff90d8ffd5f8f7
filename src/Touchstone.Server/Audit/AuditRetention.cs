using Touchstone.Server.Storage;

namespace Touchstone.Server.Audit;

/// <summary>
/// Lets records go that are older than the settings keep them. First a signed record says up to which number, only then they leave: so that what is missing is known to have
/// been let go by the server, and a stop in between leaves too much rather than too little.
/// </summary>
internal sealed class AuditRetention(ITokenStore store, AuditRecorder recorder, ServerOptions options)
{
    // One commit of this many deletes holds the writer for about a millisecond; readers of the database don't wait for it at all.
    private const int BatchSize = 200;

    private int _isRunning;

    /// <summary>Lets go what is old now. A run that is called while another goes on leaves it to that one: each holds a thread while it reads.</summary>
    internal async Task RunAsync()
    {
        if (options.Audit.Retention == TimeSpan.Zero || Interlocked.Exchange(ref _isRunning, 1) == 1) return;
        try
        {
            await ForgetAsync();
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    private async Task ForgetAsync()
    {
        var oldest = recorder.Now - (long)options.Audit.Retention.TotalMilliseconds;
        var (changes, introspections, files, isNew) = await Task.Run(() => Find(oldest));
        if (!isNew) return;

        await store.RecordAsync([AuditEvent.Retained(changes, introspections)]);
        await store.SignAuditAsync();
        while (await store.ForgetAuditAsync(changes, BatchSize) > 0)
        {
            // Each batch is a write of its own, so that others come in between.
        }
        foreach (var file in files) File.Delete(file.Path);
    }

    // The highest number of each chain below which everything is older; what had left before counts as well.
    private (long Changes, long Introspections, IReadOnlyList<AuditSegment> Files, bool IsNew) Find(long oldest)
    {
        using var folder = AuditStore.Open(options.Data, options.Postgres.Connection);
        long changes = 0;
        var isNew = false;
        foreach (var (n, record) in folder.Changes(recorder.Changes))
        {
            if (changes == 0) changes = n - 1;
            // The newest stays, whatever its age: the chain goes on from it.
            if (n >= recorder.ChangesHead.N || AuditLine.TryParse(record) is not { } line || line.At >= oldest) break;
            (changes, isNew) = (n, true);
        }

        var segments = folder.Segments().Where(segment => segment.Chain == recorder.Introspections).ToList();
        var introspections = segments.Count == 0 ? 0 : segments[0].First - 1;
        var files = new List<AuditSegment>();
        // A file is old when the next one already begins with an old record.
        for (var i = 0; i + 1 < segments.Count; i++)
        {
            var next = AuditStore.Lines(segments[i + 1].Path).Select(line => AuditLine.TryParse(line.Line)).FirstOrDefault();
            if (next is null || next.At >= oldest) break;
            files.Add(segments[i]);
            introspections = segments[i + 1].First - 1;
        }
        return (changes, introspections, files, isNew || files.Count > 0);
    }
}

using System.Text.Json;
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
        var (changes, introspections, files, mode, isNew) = await Task.Run(() => Find(oldest));
        if (isNew)
        {
            await store.RecordAsync([AuditEvent.Retained(changes, introspections, mode)]);
            await store.SignAuditAsync();
            await ForgetAsync(recorder.Changes, changes);
            foreach (var file in files) File.Delete(file.Path);
        }
        foreach (var (chain, through) in await Task.Run(() => FindForsaken(oldest)))
        {
            await store.RecordAsync([AuditEvent.Retained(chain, through)]);
            await store.SignAuditAsync();
            await ForgetAsync(chain, through);
        }
    }

    private async Task ForgetAsync(string chain, long through)
    {
        while (await store.ForgetAuditAsync(chain, through, BatchSize) > 0)
        {
            // Each batch is a write of its own, so that others come in between.
        }
    }

    // Chains in the database that nobody has written for so long, of former keys and of nodes that are gone: up to which number they may leave. Their newest checkpoint stays, and what came after it.
    private List<(string Chain, long Through)> FindForsaken(long oldest)
    {
        using var folder = AuditStore.Open(options.Data, options.Postgres.Connection);
        var found = new List<(string, long)>();
        foreach (var chain in folder.Chains().Where(chain => chain != recorder.Changes))
        {
            if (folder.NewestChanges(chain, 1) is not [var newest] || AuditLine.TryParse(newest) is not { } last || last.At >= oldest) continue;
            if (folder.NewestCheckpoint(chain) is not { } checkpoint || AuditLine.TryParse(checkpoint) is not { } kept) continue;
            if (folder.Changes(chain).First().N < kept.N) found.Add((chain, kept.N - 1));
        }
        return found;
    }

    // The highest number of each chain below which everything is older; what had left before counts as well.
    private (long Changes, long Introspections, IReadOnlyList<AuditSegment> Files, (string, long)? Mode, bool IsNew) Find(long oldest)
    {
        using var folder = AuditStore.Open(options.Data, options.Postgres.Connection);
        long changes = 0;
        var isNew = false;
        (string, long)? mode = null;
        foreach (var (n, record) in folder.Changes(recorder.Changes))
        {
            if (changes == 0) changes = n - 1;
            // The newest stays, whatever its age: the chain goes on from it.
            if (n >= recorder.ChangesHead.N || AuditLine.TryParse(record) is not { } line || line.At >= oldest) break;
            (changes, isNew) = (n, true);
            if (line.Kind is AuditKind.SettingChanged or AuditKind.Retention) mode = ModeOf(record) ?? mode;
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
        return (changes, introspections, files, mode, isNew || files.Count > 0);
    }

    // How introspections were recorded from that record on; null where it is about something else.
    private static (string, long)? ModeOf(byte[] record)
    {
        var json = JsonElement.Parse(record);
        return json.TryGetProperty("value", out var mode) && json.TryGetProperty("one_in", out var oneIn) ? (mode.GetString()!, oneIn.GetInt64()) : null;
    }
}

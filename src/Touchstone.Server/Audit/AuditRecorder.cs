using System.Buffers;

namespace Touchstone.Server.Audit;

/// <summary>What both chains of this node share: key, names, privacy, where each stands, and who is told of new records.</summary>
internal sealed class AuditRecorder : IDisposable
{
    private readonly AuditKey _key;
    private readonly AuditPrivacy _privacy;
    private readonly AuditCounts _counts;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private AuditHead _changes, _introspections;

    public AuditRecorder(AuditKey key, AuditOptions options, AuditCounts counts, TimeProvider time)
    {
        _key = key;
        _counts = counts;
        _time = time;
        _privacy = new AuditPrivacy(options.Privacy, key.Hmac);
        CheckpointEvery = options.CheckpointEvery;
        Changes = AuditChain.Name(key.Node, AuditChain.Changes);
        Introspections = AuditChain.Name(key.Node, AuditChain.Introspections);
    }

    internal string Changes { get; }

    internal string Introspections { get; }

    internal int CheckpointEvery { get; }

    /// <summary>The node's name, and its public key for others who verify.</summary>
    internal (string Node, string Pem) PublicKey => (_key.Node, _key.PublicPem);

    /// <summary>Told of records that are written for good, in order of each chain.</summary>
    internal Action<IReadOnlyList<ReadOnlyMemory<byte>>>? OnRecorded { get; set; }

    /// <summary>Where the chain of changes stands on the disk.</summary>
    internal AuditHead ChangesHead
    {
        get { lock (_lock) return _changes; }
        set { lock (_lock) _changes = value; }
    }

    /// <summary>Where the chain of introspections stands on the disk; not what is written but could still be lost with the power, so that no checkpoint vouches for that.</summary>
    internal AuditHead SyncedIntrospections
    {
        get { lock (_lock) return _introspections; }
        set { lock (_lock) _introspections = value; }
    }

    internal long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The bytes of an event, with its time if it has none yet; good until the next call on this thread.</summary>
    internal ReadOnlySpan<byte> Json(AuditEvent e)
    {
        if (e.At == 0) e.At = Now;
        return AuditJson.Write(e, _privacy);
    }

    /// <summary>Writes a checkpoint that also vouches for the head of this node's other chain, and for what was seen of others.</summary>
    internal AuditHead Sign(ArrayBufferWriter<byte> output, string chain, in AuditHead head, in AuditHead other, IReadOnlyList<AuditAnchor>? more = null)
    {
        AuditAnchor[] own = other.N == 0 ? [] : [new AuditAnchor(chain == Changes ? Introspections : Changes, other.N, other.Hash)];
        return AuditChain.Sign(output, chain, head, Now, CheckpointEvery, more is null ? own : own.Concat(more), _key);
    }

    /// <summary>Changes were committed with these records.</summary>
    internal void Recorded(IReadOnlyList<byte[]> records)
    {
        _counts.Changes(records.Count);
        if (OnRecorded is { } tell) tell([.. records.Select(record => new ReadOnlyMemory<byte>(record))]);
    }

    public void Dispose() => _key.Dispose();
}

using System.Buffers;

namespace Touchstone.Server.Audit;

/// <summary>
/// The chain of changes in the database: an event gets its number and its hash in the transaction of the change that it tells of, so that neither is there without the other.
/// Only the writer uses it, which inserts the records.
/// </summary>
internal sealed class AuditTable(AuditRecorder recorder, Action<long, byte[]> insert)
{
    private readonly ArrayBufferWriter<byte> _line = new(1024);
    private readonly List<byte[]> _written = [];
    private readonly AuditWitness _witness = new();
    private AuditHead _head, _next;

    /// <summary>Where the chain stands in the database: its newest record, if it has one.</summary>
    internal void Load((long N, byte[] Record)? newest)
    {
        // How many are unsigned is not known now; the next record is signed at once.
        _head = newest is { } record ? new AuditHead(record.N, AuditHash.Of(record.Record), recorder.CheckpointEvery) : default;
        recorder.ChangesHead = _head;
    }

    /// <summary>A transaction begins, from what the last one committed.</summary>
    internal void Begin()
    {
        _next = _head;
        _written.Clear();
        _witness.Undo(0);
    }

    /// <summary>A place in the transaction that it can go back to.</summary>
    internal (AuditHead Next, int Written, int Naming) Mark() => (_next, _written.Count, _witness.Naming);

    /// <summary>What was added since is undone in the database, and so here.</summary>
    internal void Undo((AuditHead Next, int Written, int Naming) mark)
    {
        _next = mark.Next;
        _written.RemoveRange(mark.Written, _written.Count - mark.Written);
        _witness.Undo(mark.Naming);
    }

    /// <summary>Adds the record of an event to the transaction; a checkpoint when it is time for one, and before the very first.</summary>
    internal void Append(AuditEvent e)
    {
        if (_next.N == 0) Sign();
        _line.ResetWrittenCount();
        _next = AuditChain.Append(_line, recorder.Changes, _next, recorder.Json(e));
        Insert();
        if (_next.Unsigned >= recorder.CheckpointEvery) Sign();
    }

    /// <summary>Adds a checkpoint to the transaction, which names the newest records of the other chains; where this one has not grown, only if those have.</summary>
    internal void Sign(bool hasGrown, IReadOnlyList<AuditAnchor> others)
    {
        _witness.See(others);
        if (hasGrown || _witness.HasMoved()) Sign();
    }

    private void Sign()
    {
        _line.ResetWrittenCount();
        _next = recorder.Sign(_line, recorder.Changes, _next, recorder.SyncedIntrospections, _witness.Name());
        Insert();
    }

    /// <summary>The transaction is on the disk.</summary>
    internal void Committed()
    {
        _head = _next;
        recorder.ChangesHead = _head;
        _witness.Committed();
        if (_written.Count > 0) recorder.Recorded(_written);
        _written.Clear();
    }

    private void Insert()
    {
        var record = _line.WrittenSpan.ToArray();
        insert(_next.N, record);
        _written.Add(record);
    }
}

using System.Buffers;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Audit;

/// <summary>
/// The chain of introspections, in files of its own. Whoever records puts bytes into the batch that fills; one thread takes the batch, chains it, and writes it with one call.
/// While it writes the next batch fills, so the busier it is, the larger the batches. fsync comes every second and at the end of a file.
/// </summary>
internal sealed class IntrospectionJournal : IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly AuditRecorder _recorder;
    private readonly AuditSegments _segments;
    private readonly AuditCounts _counts;
    private readonly FaultLog _faults;
    private readonly int _most;
    private readonly ArrayBufferWriter<byte> _lines = new(1 << 16);
    private readonly Task _loop;
    private readonly ITimer _sync;
    private Batch _filling = new(), _idle = new();
    private long _dropped;
    private bool _isClosed, _wantsCheckpoint;
    private volatile bool _isFailing;
    private AuditHead _head;

    public IntrospectionJournal(AuditRecorder recorder, ServerOptions options, AuditCounts counts, TimeProvider time, FaultLog faults)
    {
        _recorder = recorder;
        _counts = counts;
        _faults = faults;
        _most = options.Audit.QueueBytes;
        _segments = AuditSegments.Open(options.Data, recorder.Introspections, options.Audit.SegmentBytes, recorder.CheckpointEvery, out _head);
        recorder.SyncedIntrospections = _head;
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _sync = time.CreateTimer(_ => Sync(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Runs before each write to the file: where a test can wait, or fail.</summary>
    internal Action BeforeWrite { get; set; } = () => { };

    /// <summary>Whether the last write to the file failed.</summary>
    internal bool IsFailing => _isFailing;

    /// <summary>Done when the record is in the file. A full queue makes the caller wait.</summary>
    /// <exception cref="StoreException">It could not be written.</exception>
    internal ValueTask WriteAsync(ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            if (_filling.HasRoom(body.Length, _most)) return new ValueTask(Put(body).Written);
        }
        return WriteLaterAsync(body.ToArray());
    }

    /// <summary>Leaves the record to be written. False when the queue is full: then it is counted, and a gap record tells of it.</summary>
    internal bool TryWrite(ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            if (!_filling.HasRoom(body.Length, _most))
            {
                _dropped++;
                _counts.Dropped(1);
                return false;
            }
            Put(body);
            return true;
        }
    }

    /// <summary>Signs the chain if it has grown since it was signed last.</summary>
    internal void Checkpoint()
    {
        lock (_gate)
        {
            _wantsCheckpoint = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Writes what waits, signs the chain, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            Monitor.Pulse(_gate);
        }
        await _loop;
        await _sync.DisposeAsync();
        _segments.Dispose();
    }

    private async ValueTask WriteLaterAsync(byte[] body)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                if (_filling.HasRoom(body.Length, _most))
                {
                    room = Put(body).Written;
                    body = [];
                }
                else
                {
                    room = _filling.Written;
                }
            }
            if (body.Length == 0)
            {
                await room;
                return;
            }
            // That batch's own fate is not this record's.
            await room.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Batch Put(ReadOnlySpan<byte> body)
    {
        if (_isClosed) throw new StoreException("The audit is closed.");
        if (_filling.Ends.Count == 0) Monitor.Pulse(_gate);
        _filling.Data.Write(body);
        _filling.Ends.Add(_filling.Data.WrittenCount);
        return _filling;
    }

    private void Run()
    {
        while (true)
        {
            Batch batch;
            bool sign, isLast;
            long dropped;
            lock (_gate)
            {
                while (_filling.Ends.Count == 0 && !_isClosed && !_wantsCheckpoint) Monitor.Wait(_gate);
                (batch, _filling, _idle) = (_filling, _idle, _filling);
                isLast = _isClosed;
                sign = _wantsCheckpoint || isLast;
                _wantsCheckpoint = false;
                dropped = _dropped;
                _dropped = 0;
            }
            Write(batch, dropped, sign);
            batch.Clear();
            if (isLast) return;
        }
    }

    private void Write(Batch batch, long dropped, bool sign)
    {
        try
        {
            _lines.ResetWrittenCount();
            var head = Chain(batch, dropped, sign);
            if (_lines.WrittenCount > 0)
            {
                BeforeWrite();
                _segments.Write(_lines.WrittenSpan, head);
                _isFailing = false;
                _counts.Introspections(head.N - _head.N);
                Tell();
            }
            _head = head;
            batch.Succeed();
            if (sign || _segments.IsFull) Sync();
            if (_segments.IsFull) _segments.Rotate();
        }
        catch (Exception failed)
        {
            _isFailing = true;
            _faults.AuditFailed(failed);
            lock (_gate) _dropped += dropped + batch.Ends.Count;
            _counts.Dropped(batch.Ends.Count);
            batch.Fail(new StoreException($"The audit can't be written: {failed.Message}", failed));
        }
    }

    private AuditHead Chain(Batch batch, long dropped, bool sign)
    {
        var head = _head;
        if (head.N == 0 && batch.Ends.Count > 0) head = Sign(head);
        var start = 0;
        foreach (var end in batch.Ends)
        {
            head = Append(head, batch.Data.WrittenSpan[start..end]);
            start = end;
            if (head.Unsigned >= _recorder.CheckpointEvery) head = Sign(head);
        }
        if (dropped > 0) head = Append(head, _recorder.Json(AuditEvent.Gap(dropped)));
        return sign && head.Unsigned > 0 ? Sign(head) : head;
    }

    private AuditHead Append(in AuditHead head, ReadOnlySpan<byte> body)
    {
        var next = AuditChain.Append(_lines, _recorder.Introspections, head, body);
        _lines.Write("\n"u8);
        return next;
    }

    private AuditHead Sign(in AuditHead head)
    {
        var next = _recorder.Sign(_lines, _recorder.Introspections, head, _recorder.ChangesHead);
        _lines.Write("\n"u8);
        return next;
    }

    // By the timer's thread mostly, so that writing goes on meanwhile.
    private void Sync()
    {
        try
        {
            if (_segments.Sync() is { N: > 0 } synced) _recorder.SyncedIntrospections = synced;
        }
        catch (Exception failed) when (failed is IOException or ObjectDisposedException)
        {
            _faults.AuditFailed(failed);
        }
    }

    private void Tell()
    {
        if (_recorder.OnRecorded is not { } tell) return;
        var copy = _lines.WrittenSpan.ToArray().AsMemory();
        var records = new List<ReadOnlyMemory<byte>>();
        while (copy.Length > 0)
        {
            var end = copy.Span.IndexOf((byte)'\n');
            records.Add(copy[..end]);
            copy = copy[(end + 1)..];
        }
        tell(records);
    }

    private sealed class Batch
    {
        private TaskCompletionSource? _written;

        internal ArrayBufferWriter<byte> Data { get; } = new(1 << 14);

        internal List<int> Ends { get; } = [];

        /// <summary>Made when it is first asked for, by a caller who holds the gate.</summary>
        internal Task Written => (_written ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        internal bool HasRoom(int length, int most) => Ends.Count == 0 || Data.WrittenCount + length <= most;

        internal void Succeed() => _written?.TrySetResult();

        internal void Fail(Exception error)
        {
            if (_written is null) return;
            _written.TrySetException(error);
            _ = _written.Task.Exception; // It may be that nobody waits.
        }

        internal void Clear()
        {
            Data.ResetWrittenCount();
            Ends.Clear();
            _written = null;
        }
    }
}

using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>
/// The one writer: a thread that takes all that waits (up to <see cref="MaxBatch"/>), writes it in one transaction and reaches the disk once for all of it.
/// Alone, a commit costs one fsync; under load the fsync is shared.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private const int MaxBatch = 512;
    private const int MaxWaiting = 8192;

    private readonly Channel<Write> _waiting = Channel.CreateBounded<Write>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly SqliteConnection _connection;
    private readonly SqliteStatements _statements;
    private readonly SqliteReadLock _readLock;
    private readonly CommitHandler _onCommitted;
    private readonly Task _loop;
    private volatile bool _isFailing;
    private bool _wantsCopy;

    internal SqliteWriter(SqliteConnection connection, SqliteReadLock readLock, AuditRecorder recorder, CommitHandler onCommitted)
    {
        _connection = connection;
        _readLock = readLock;
        _statements = new SqliteStatements(connection, recorder);
        _onCommitted = onCommitted;
        // A thread of its own: it blocks on the disk.
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Whether the disk did not take the last write, or takes none any more. One that the database refuses for what it says (a constraint) tells nothing about that.</summary>
    internal bool IsFailing => _isFailing || _waiting.Reader.Count >= MaxWaiting;

    /// <summary>Writes what <paramref name="apply"/> writes; done when it is on the disk and memory knows of it.</summary>
    internal Task<T> WriteAsync<T>(Func<SqliteStatements, Committed, T> apply)
    {
        var write = new Write<T>(apply) { Origin = AuditOrigin.Current };
        if (!_waiting.Writer.TryWrite(write)) throw new StoreException("Too many writes wait for the disk.");
        return write.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
        _readLock.Dispose();
        _statements.Dispose();
        await _connection.DisposeAsync();
    }

    private void Run()
    {
        var batch = new List<Write>(MaxBatch);
        _readLock.Hold();
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            _readLock.Release();
            while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out var write)) batch.Add(write);
            if (!TryCommit(batch, out var error, out var isBegun))
            {
                // Where no transaction can begin (another process holds the lock) no write is at fault, and each would wait as long again.
                if (batch.Count == 1 || !isBegun) foreach (var write in batch) write.Fail(error!);
                // Else one may be: each gets a transaction of its own, so that it fails alone.
                else foreach (var write in batch) if (!TryCommit([write], out error, out _)) write.Fail(error!);
            }
            batch.Clear();
            CopyLog();
            if (!_waiting.Reader.TryPeek(out _)) _readLock.Hold();
        }
    }

    private bool TryCommit(List<Write> batch, out Exception? error, out bool isBegun)
    {
        var committed = new Committed();
        isBegun = false;
        try
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            isBegun = true;
            _statements.Begin(transaction);
            foreach (var write in batch)
            {
                _statements.Origin = write.Origin;
                write.Apply(_statements, committed);
            }
            if (committed.Rows.Count > 0) _statements.AdvanceHead(committed.Head); // The last statement: commit order is seq order.
            transaction.Commit();
            _statements.Audit.Committed();
        }
        catch (Exception failed)
        {
            if (failed is SqliteException { SqliteErrorCode: not SQLitePCL.raw.SQLITE_CONSTRAINT }) _isFailing = true;
            error = failed is SqliteException ? new StoreException($"The database refused a write: {failed.Message}", failed) : failed;
            return false;
        }
        _isFailing = false;
        _wantsCopy |= committed.WantsCopy;
        Publish(committed);
        foreach (var write in batch) write.Done();
        error = null;
        return true;
    }

    // Done by SQLite itself every 1,000 pages, it takes some milliseconds of a core: what touches many pages asks for it sooner, so that it comes in small pieces. Everybody has been told by now.
    private void CopyLog()
    {
        if (!_wantsCopy) return;
        _wantsCopy = false;
        try
        {
            Sql.Execute(_connection, "PRAGMA wal_checkpoint(PASSIVE)");
        }
        catch (SqliteException)
        {
            // What was committed stands in the log, and is copied another time.
        }
    }

    private void Publish(Committed committed)
    {
        if (committed.Rows.Count + committed.Registrations.Count == 0) return;
        try
        {
            _onCommitted(committed.Rows, committed.Registrations, committed.Head);
        }
        catch (Exception bug)
        {
            // Memory would no longer be what the disk is: a revoked token could be called active. Better no answer at all.
            Environment.FailFast("Committed changes could not be brought into memory.", bug);
        }
    }

    /// <summary>What a transaction will have changed that memory has to know.</summary>
    internal sealed class Committed
    {
        internal List<RevocationRow> Rows { get; } = [];
        internal List<ClientRegistration> Registrations { get; } = [];
        internal long Head { get; set; }

        /// <summary>Whether the write-ahead log is to be copied into the file soon.</summary>
        internal bool WantsCopy { get; set; }
    }

    private abstract class Write
    {
        internal AuditOrigin? Origin { get; init; }
        internal abstract void Apply(SqliteStatements statements, Committed committed);
        internal abstract void Done();
        internal abstract void Fail(Exception error);
    }

    private sealed class Write<T>(Func<SqliteStatements, Committed, T> apply) : Write
    {
        // Continuations must not run on the writer's thread.
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        internal Task<T> Task => _done.Task;

        internal override void Apply(SqliteStatements statements, Committed committed) => _result = apply(statements, committed);

        internal override void Done() => _done.TrySetResult(_result!);

        internal override void Fail(Exception error) => _done.TrySetException(error);
    }
}

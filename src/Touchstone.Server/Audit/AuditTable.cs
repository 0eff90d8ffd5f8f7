using System.Buffers;
using Microsoft.Data.Sqlite;
using Touchstone.Server.Storage.Sqlite;

namespace Touchstone.Server.Audit;

/// <summary>
/// The chain of changes in the database: an event gets its number and its hash in the transaction of the change that it tells of, so that neither is there without the other.
/// Only the writer's thread uses it.
/// </summary>
internal sealed class AuditTable : IDisposable
{
    private readonly AuditRecorder _recorder;
    private readonly SqliteCommand _insert, _forget;
    private readonly ArrayBufferWriter<byte> _line = new(1024);
    private readonly List<byte[]> _written = [];
    private AuditHead _head, _next;

    internal AuditTable(SqliteConnection connection, AuditRecorder recorder)
    {
        _recorder = recorder;
        _insert = connection.CreateCommand();
        _insert.CommandText = "INSERT INTO audit (chain, n, record) VALUES ($chain, $n, $record)";
        _insert.Parameters.AddWithValue("$chain", recorder.Changes);
        _insert.Parameters.Add("$n", SqliteType.Integer);
        _insert.Parameters.Add("$record", SqliteType.Blob);
        _insert.Prepare();
        _forget = connection.CreateCommand();
        _forget.CommandText = "DELETE FROM audit WHERE chain = $chain AND n IN (SELECT n FROM audit WHERE chain = $chain AND n <= $through ORDER BY n LIMIT $most)";
        _forget.Parameters.AddWithValue("$chain", recorder.Changes);
        _forget.Parameters.Add("$through", SqliteType.Integer);
        _forget.Parameters.Add("$most", SqliteType.Integer);
        _forget.Prepare();
        var newest = Sql.Read(connection, "SELECT n, record FROM audit WHERE chain = $chain ORDER BY n DESC LIMIT 1", row => (N: row.GetInt64(0), Record: row.GetFieldValue<byte[]>(1)), ("$chain", recorder.Changes));
        // How many are unsigned is not known now; the next record is signed at once.
        _head = newest.Count == 0 ? default : new AuditHead(newest[0].N, AuditHash.Of(newest[0].Record), recorder.CheckpointEvery);
        recorder.ChangesHead = _head;
    }

    /// <summary>A transaction begins, from what the last one committed.</summary>
    internal void Begin(SqliteTransaction transaction)
    {
        _insert.Transaction = _forget.Transaction = transaction;
        _next = _head;
        _written.Clear();
    }

    /// <summary>Adds the record of an event to the transaction; a checkpoint when it is time for one, and before the very first.</summary>
    internal void Append(AuditEvent e)
    {
        if (_next.N == 0) Sign();
        _line.ResetWrittenCount();
        _next = AuditChain.Append(_line, _recorder.Changes, _next, _recorder.Json(e));
        Insert();
        if (_next.Unsigned >= _recorder.CheckpointEvery) Sign();
    }

    /// <summary>Adds a checkpoint to the transaction.</summary>
    internal void Sign()
    {
        _line.ResetWrittenCount();
        _next = _recorder.Sign(_line, _recorder.Changes, _next, _recorder.SyncedIntrospections);
        Insert();
    }

    /// <summary>Deletes the oldest records up to a number; gives how many.</summary>
    internal int Forget(long through, int most)
    {
        _forget.Parameters[1].Value = through;
        _forget.Parameters[2].Value = most;
        return _forget.ExecuteNonQuery();
    }

    /// <summary>The transaction is on the disk.</summary>
    internal void Committed()
    {
        _head = _next;
        _recorder.ChangesHead = _head;
        if (_written.Count > 0) _recorder.Recorded(_written);
        _written.Clear();
    }

    public void Dispose()
    {
        _insert.Dispose();
        _forget.Dispose();
    }

    private void Insert()
    {
        var record = _line.WrittenSpan.ToArray();
        _insert.Parameters[1].Value = _next.N;
        _insert.Parameters[2].Value = record;
        _insert.ExecuteNonQuery();
        _written.Add(record);
    }
}

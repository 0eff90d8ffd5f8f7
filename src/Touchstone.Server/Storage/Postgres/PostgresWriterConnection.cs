using Npgsql;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// The writer's connection. For as long as it lives it holds the lock of this node's chain of changes, so that what an earlier connection of it may still be about to commit is over before the chain is read.
/// </summary>
internal sealed class PostgresWriterConnection : IAsyncDisposable
{
    // The first half of an advisory lock's key.
    private const int ChainLock = 0x7453_0002;

    // Idle for longer, it is asked for a sign of life before it is used: a server that was restarted meanwhile would fail the next write, which nobody could tell from one that was done.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    private readonly PostgresDatabase _database;
    private readonly TimeProvider _time;
    private readonly AuditRecorder _recorder;
    private NpgsqlConnection? _connection;
    private bool _isLoaded;
    private long _used;

    // What was asked of the connection last, besides the writes. It may still be under way when nobody waits for it any more.
    private Task _asking = Task.CompletedTask;

    internal PostgresWriterConnection(PostgresDatabase database, AuditRecorder recorder, TimeProvider time)
    {
        _database = database;
        _time = time;
        _recorder = recorder;
        Audit = new AuditTable(recorder, (n, record) => Records.Add((n, record)));
    }

    /// <summary>The chain of changes.</summary>
    internal AuditTable Audit { get; }

    /// <summary>The records of the transaction under way.</summary>
    internal List<(long N, byte[] Record)> Records { get; } = [];

    internal string Chain => _recorder.Changes;

    /// <summary>The connection, or a new one in its place, with the lock and the chain as it stands in the database.</summary>
    internal async Task<NpgsqlConnection> OpenAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        var isIdle = _time.GetElapsedTime(_used) > Idle;
        _used = _time.GetTimestamp();
        if (_connection is { FullState: System.Data.ConnectionState.Open } && (!isIdle || await IsAliveAsync(_connection))) return _connection;
        if (_connection is not null) Abandon();
        var connection = await _database.ConnectAsync();
        var taking = TakeAsync(connection);
        try
        {
            await taking.WithinAsync(_database.Timeout - TimeProvider.System.GetElapsedTime(started));
            return _connection = connection;
        }
        catch (Exception failed)
        {
            PostgresDatabase.Abandon(connection, taking);
            // 55P03: lock_timeout; the lock is somebody's.
            if (failed is PostgresException { SqlState: "55P03" }) throw new StoreException("Another process writes the audit chain of this data folder. Each node needs a data folder of its own.", failed);
            throw;
        }
    }

    /// <summary>Ends what was begun; false when the connection can't be used any more.</summary>
    internal async Task<bool> TryRollBackAsync()
    {
        if (_connection is null) return false;
        try
        {
            await (_asking = AskAsync(_connection, "ROLLBACK")).WithinAsync(_database.Timeout);
            return true;
        }
        catch (Exception failed) when (PostgresFault.Is(failed))
        {
            return false;
        }
    }

    /// <summary>Never uses the connection again.</summary>
    internal void Abandon(Task? last = null)
    {
        // While anything is under way there, it can't be closed, and its session holds the lock.
        if (_connection is not null) PostgresDatabase.Abandon(_connection, last is null ? _asking : Task.WhenAll(last, _asking));
        (_connection, _asking) = (null, Task.CompletedTask); // What was asked of this one holds the next one up in nothing.
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
    }

    // One that does not answer in time is not known to be gone: then neither is the server.
    private async Task<bool> IsAliveAsync(NpgsqlConnection connection)
    {
        try
        {
            await (_asking = AskAsync(connection, "SELECT 1")).WithinAsync(_database.Timeout);
            return true;
        }
        catch (Exception failed) when (PostgresFault.IsGone(failed))
        {
            return false;
        }
    }

    private static async Task AskAsync(NpgsqlConnection connection, string text)
    {
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task TakeAsync(NpgsqlConnection connection)
    {
        await using var batch = new PostgresBatch(connection);
        // Shorter than the limit of a statement, so that the two can be told apart. The lock is the session's.
        batch.Do($"SET lock_timeout = {(long)(_database.Timeout.TotalMilliseconds * 3 / 4)}");
        batch.Ask($"SELECT pg_advisory_lock({ChainLock}, hashtext(current_schema() || $1))", PostgresValue.Text(Chain));
        batch.Do("SET lock_timeout = 0");
        batch.Ask("SELECT n, record FROM audit WHERE chain = $1 AND n > $2 ORDER BY n LIMIT 10000", PostgresValue.Text(Chain), PostgresValue.Long(_isLoaded ? _recorder.ChangesHead.N : long.MaxValue));
        batch.Ask("SELECT n, record FROM audit WHERE chain = $1 ORDER BY n DESC LIMIT 1", PostgresValue.Text(Chain));
        await batch.SendAsync();
        await batch.CountAsync();
        var missed = await batch.TakeAsync(row => row.GetFieldValue<byte[]>(1));
        var newest = await batch.TakeAsync(row => (N: row.GetInt64(0), Record: row.GetFieldValue<byte[]>(1)));
        await batch.EndAsync();
        // What was committed while its answer got lost is told to whoever follows the audit.
        if (missed.Count > 0) _recorder.Recorded(missed);
        Audit.Load(newest.Count == 0 ? null : newest[0]);
        _isLoaded = true;
    }
}

using Microsoft.Extensions.Logging;
using Npgsql;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The store in a database that nodes share: look-ups over some connections, one writer, one reader of the log, one listener, and this node among the others.</summary>
internal sealed partial class PostgresTokenStore : ITokenStore
{
    private readonly ServerOptions _options;
    private readonly AuditRecorder _recorder;
    private readonly ServerMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly PostgresDatabase _database;
    private readonly PostgresNotices _notices;
    private readonly PostgresReaders _readers;
    private readonly PostgresLog _log;
    private readonly PostgresNodes _nodes;
    private readonly PostgresBarrier _barrier;
    private readonly PostgresListener _listener;
    private readonly PostgresDurability _durability;
    private readonly PostgresLifetime _lifetime;
    private PostgresWriter? _writer;
    private CommitHandler? _onCommitted;
    private bool _isDisposed;

    public PostgresTokenStore(ServerOptions options, AuditRecorder recorder, ServerMetrics metrics, ILogger<PostgresTokenStore> logger, TimeProvider time)
    {
        (_options, _recorder, _metrics, _logger, _time) = (options, recorder, metrics, logger, time);
        _database = PostgresDatabase.Open(options.Postgres);
        _lifetime = new PostgresLifetime(options);
        _readers = new PostgresReaders(_database, options.Postgres.ReadConnections);
        // The database keeps the time of the wall, and so does whoever waits for it or for other nodes.
        var clock = TimeProvider.System;
        _notices = new PostgresNotices(_database.Sender);
        _log = new PostgresLog(new PostgresLogReader(_database), (rows, registrations, head) => _onCommitted!(rows, registrations, head), marks => Node!.Memory?.Mark(marks), () => _barrier!.Moved(), clock);
        _nodes = new PostgresNodes(_database, _notices);
        Node = new PostgresNode(_nodes, _log, new PostgresEpoch(_database, _notices, _log, _lifetime), () => ReadAsync(static (reader, _) => reader.NodesAsync(), 0), options.Postgres, metrics, logger, clock);
        Followers = new PostgresFollowers(_database, () => Node.Instance);
        _barrier = new PostgresBarrier(_nodes, _log, () => Node.Instance, clock);
        _listener = new PostgresListener(_database, _notices, Heard, _barrier.Acknowledged, clock);
        _durability = new PostgresDurability(async () => await ReadAsync(static (reader, _) => reader.DurabilityAsync(), 0), clock);
    }

    /// <summary>This process among the nodes that share the database: whether its memory may decide.</summary>
    internal PostgresNode Node { get; }

    /// <summary>What the nodes tell each other of their followers.</summary>
    internal PostgresFollowers Followers { get; }

    public async Task<StoreContents> LoadAsync(CommitHandler onCommitted, CancellationToken cancellationToken)
    {
        _onCommitted = onCommitted;
        var writing = new PostgresWriterConnection(_database, _recorder, _time);
        try
        {
            var connection = await _database.ConnectAsync();
            try
            {
                var isNew = await PostgresMigrations.ApplyAsync(connection).WithinAsync(PostgresLoad.Patience);
                await writing.OpenAsync();
                await Node.RegisterAsync(); // Before anything is read: whoever revokes from now on waits for this node.
                await KeepSecretAsync(connection).WithinAsync(PostgresLoad.Patience);
                await _lifetime.RaiseAsync(connection).WithinAsync(PostgresLoad.Patience);
                var loaded = await PostgresLoad.ReadAsync(connection).WithinAsync(PostgresLoad.Patience);
                _log.Begin(loaded.Log, isNew);
                _notices.Use(loaded.NoticesSecret);
                _logger.UsesPostgres(connection.Database, connection.PostgreSqlVersion, connection.Host);
                _writer = new PostgresWriter(writing, _notices, _log, Node.Wake, _lifetime, _database.Timeout);
                _barrier.Start();
                return loaded.Contents;
            }
            finally
            {
                PostgresDatabase.Abandon(connection);
            }
        }
        catch (Exception failed)
        {
            if (_writer is null) await writing.DisposeAsync();
            if (PostgresFault.Is(failed)) throw PostgresFault.Unreadable(failed);
            throw;
        }
    }

    public async ValueTask<StoredToken> FindAsync(TokenHash hash, bool judge, CancellationToken cancellationToken) =>
        await ReadAsync(static (reader, asked) => asked.judge ? reader.FindAndJudgeAsync(asked.hash) : reader.FindAsync(asked.hash), (hash, judge));

    public async ValueTask<RevocationMatch?> JudgeAsync(TokenRecord record, CancellationToken cancellationToken) => await ReadAsync(static (reader, record) => reader.JudgeAsync(record), record);

    public async ValueTask<IReadOnlyList<TokenHash>> FindByJtiAsync(string issuer, string jti, CancellationToken cancellationToken) =>
        await ReadAsync(static (reader, asked) => reader.FindByJtiAsync(asked.issuer, asked.jti), (issuer, jti));

    public Task<long> CountAsync(Selector selector, long? issuedBefore, long now, CancellationToken cancellationToken) =>
        ReadAsync(static (reader, asked) => reader.CountAsync(asked.selector, asked.issuedBefore, asked.now), (selector, issuedBefore, now));

    public async ValueTask<RevocationRow?> FindRowAsync(long seq, CancellationToken cancellationToken) => await ReadAsync(static (reader, seq) => reader.FindRowAsync(seq), seq);

    public async ValueTask<IReadOnlyList<RevocationRow>> ReadRowsAsync(long after, int most, CancellationToken cancellationToken) =>
        await ReadAsync(static (reader, asked) => reader.ReadRowsAsync(asked.after, asked.most), (after, most));

    public async ValueTask<TokenOwners> FindOwnersAsync(IReadOnlyList<TokenHash> hashes, CancellationToken cancellationToken) => await ReadAsync(static (reader, hashes) => reader.FindOwnersAsync(hashes), hashes);

    public ValueTask<string?> DurabilityAsync() => _durability.FindAsync();

    public async ValueTask PingAsync(CancellationToken cancellationToken) => await ReadAsync(static (reader, _) => reader.PingAsync(), 0);

    /// <summary>Follows what other nodes commit. Only when memory holds what was loaded: what comes is put on top of it.</summary>
    internal void Follow()
    {
        Node.Start();
        _listener.Start();
    }

    public async Task EnforceAsync(long? seq) =>
        await _barrier.EnforceAsync(_log.Cursor.Epoch, seq ?? await ReadAsync(static (reader, _) => reader.PingAsync(), 0), _log.Life.Database);

    // Once: the container knows the store under several names.
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true)) return;
        await _listener.DisposeAsync();
        if (_writer is not null) await _writer.DisposeAsync();
        await _barrier.DisposeAsync();
        await Node.LeaveAsync();
        await Followers.DisposeAsync();
        await _nodes.DisposeAsync();
        await _log.DisposeAsync();
        await _readers.DisposeAsync();
        await _database.DisposeAsync();
    }

    private void Heard(PostgresNotice? notice)
    {
        if (notice is null) Node.Wake();
        else Node.Heard(notice);
    }

    // The first process that starts makes the key of notifications.
    private static async Task KeepSecretAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", connection);
        command.Parameters.Add(PostgresValue.Text(PostgresNotices.Setting));
        command.Parameters.Add(PostgresValue.Text(PostgresNotices.NewSecret()));
        await command.ExecuteNonQueryAsync();
    }

    private async Task<T> ReadAsync<T, TArgument>(Func<PostgresReader, TArgument, Task<T>> read, TArgument argument)
    {
        var started = _time.GetTimestamp();
        _log.ThrowIfOther();
        var result = await _readers.ReadAsync(read, argument);
        _metrics.StoreRead(_time.GetElapsedTime(started));
        return result;
    }

    private async Task<T> WriteAsync<T>(Action<PostgresBatch> ask, Func<PostgresBatch, PostgresTransaction, Task<Func<T>>> take, int weight = 1, string? shared = null, IReadOnlyList<TokenRecord>? tokens = null)
    {
        var started = _time.GetTimestamp();
        _log.ThrowIfOther();
        PostgresTransaction? brought = null; // The transaction, where this write brought rows to the log.
        var result = await (_writer ?? throw new InvalidOperationException("LoadAsync comes first")).WriteAsync<T>(
            ask,
            async (batch, transaction) =>
            {
                var before = transaction.Rows.Count;
                var taken = await take(batch, transaction);
                brought = transaction.Rows.Count > before ? transaction : null;
                return taken;
            },
            weight,
            shared,
            tokens);
        _metrics.StoreWrote(_time.GetElapsedTime(started));
        // On the disk and in memory here; done when no other node decides without it.
        if (brought is null) return result;
        started = _time.GetTimestamp();
        await _barrier.EnforceAsync(brought.Epoch, brought.Seq, brought.Life, brought.Seen);
        _metrics.Enforced(_time.GetElapsedTime(started));
        Node.Acknowledge(); // Only now: nobody but who asks for the same again waits for this node.
        return result;
    }
}

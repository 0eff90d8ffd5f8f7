using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The store in a database that nodes share: look-ups over some connections, one writer, one reader of the log, one listener.</summary>
internal sealed partial class PostgresTokenStore(
    ServerOptions options, AuditRecorder recorder, ServerMetrics metrics, ILogger<PostgresTokenStore> logger, TimeProvider time, IHostApplicationLifetime? lifetime = null) : ITokenStore
{
    // Starting may read millions of rows.
    private static readonly TimeSpan Loading = TimeSpan.FromMinutes(2);

    private readonly PostgresDatabase _database = PostgresDatabase.Open(options.Postgres);
    private PostgresReaders? _readers;
    private PostgresLog? _log;
    private PostgresWriter? _writer;
    private PostgresListener? _listener;

    public async Task<StoreContents> LoadAsync(CommitHandler onCommitted, CancellationToken cancellationToken)
    {
        try
        {
            var writing = new PostgresWriterConnection(_database, recorder, options.Postgres.IsShared);
            var connection = await _database.ConnectAsync();
            try
            {
                await PostgresMigrations.ApplyAsync(connection).WithinAsync(Loading);
                await writing.OpenAsync(); // Before anything is read: with it this node is the only one.
                _readers = new PostgresReaders(_database, options.Postgres.ReadConnections);
                _log = new PostgresLog(new PostgresLogReader(_database), onCommitted, () => lifetime?.StopApplication(), logger, time);
                var contents = await LoadAsync(connection).WithinAsync(Loading);
                logger.UsesPostgres(connection.Database, connection.PostgreSqlVersion, connection.Host);
                _writer = new PostgresWriter(writing, _log, _database.Timeout);
                return contents;
            }
            catch
            {
                if (_writer is null) await writing.DisposeAsync();
                throw;
            }
            finally
            {
                PostgresDatabase.Abandon(connection);
            }
        }
        catch (Exception failed) when (PostgresFault.Is(failed))
        {
            throw PostgresFault.Unreadable(failed);
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

    public async ValueTask PingAsync(CancellationToken cancellationToken) => await ReadAsync(static (reader, _) => reader.PingAsync(), 0);

    /// <summary>Follows what other nodes commit. Only when memory holds what was loaded: what comes is put on top of it.</summary>
    internal void Follow()
    {
        _log!.Follow();
        _listener = new PostgresListener(_database, WakeAsync, time);
        _listener.Start();
    }

    /// <summary>Brings into memory what other nodes committed up to now.</summary>
    internal Task CatchUpAsync() => _log!.CatchUpAsync();

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null) await _listener.DisposeAsync();
        if (_writer is not null) await _writer.DisposeAsync();
        if (_log is not null) await _log.DisposeAsync();
        if (_readers is not null) await _readers.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task WakeAsync(long seq, long clientChanges)
    {
        // Mostly it is this node's own commit that is heard.
        if (!await _log!.HasAsync(seq, clientChanges)) _log.Wake();
    }

    private async Task<T> ReadAsync<T, TArgument>(Func<PostgresReader, TArgument, Task<T>> read, TArgument argument)
    {
        var started = time.GetTimestamp();
        _log!.ThrowIfLost();
        var result = await _readers!.ReadAsync(read, argument);
        metrics.StoreRead(time.GetElapsedTime(started));
        return result;
    }

    private async Task<T> WriteAsync<T>(Action<PostgresBatch> ask, Func<PostgresBatch, PostgresTransaction, Task<Func<T>>> take, int weight = 1)
    {
        var started = time.GetTimestamp();
        (_log ?? throw new InvalidOperationException("LoadAsync comes first")).ThrowIfLost();
        var result = await _writer!.WriteAsync(ask, take, weight);
        metrics.StoreWrote(time.GetElapsedTime(started));
        return result;
    }

    // One snapshot for all of it.
    private async Task<StoreContents> LoadAsync(NpgsqlConnection connection)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Do("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        batch.Do($"SET LOCAL statement_timeout = {(long)Loading.TotalMilliseconds}");
        batch.Ask("SELECT epoch, seq, clients FROM head");
        batch.Ask($"SELECT {PostgresRows.Columns} FROM revocations ORDER BY seq");
        batch.Ask("SELECT registration FROM clients");
        batch.Ask("SELECT name, value FROM settings");
        batch.Ask("SELECT through, (SELECT coalesce(max(expires_at), 0) FROM tokens) FROM forgotten");
        batch.Do("COMMIT");
        await batch.SendAsync();
        var (epoch, seq, clientChanges) = (await batch.TakeAsync(row => (row.GetGuid(0), row.GetInt64(1), row.GetInt64(2)))) is [var head] ? head : throw new StoreException("The head of the revocation log is missing.");
        var rows = await batch.TakeAsync(row => PostgresRows.Read(row));
        var clients = await batch.TakeAsync(row => JsonSerializer.Deserialize(row.GetString(0), ClientRegistrationJson.Default.ClientRegistration)!);
        var settings = await batch.TakeAsync(row => KeyValuePair.Create(row.GetString(0), row.GetString(1)));
        var (forgotten, lastExpiry) = (await batch.TakeAsync(row => (row.GetInt64(0), row.GetInt64(1))))[0];
        await batch.EndAsync();
        _log!.Begin(new LogCursor(epoch, seq, rows.Count == 0 ? Guid.Empty : rows[^1].Id), clientChanges);
        return new StoreContents(epoch, seq, rows, clients, settings.ToDictionary(StringComparer.Ordinal)) { Forgotten = forgotten, LastExpiry = lastExpiry };
    }
}

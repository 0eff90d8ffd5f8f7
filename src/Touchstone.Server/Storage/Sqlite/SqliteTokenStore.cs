using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The store in one file: reads beside each other and beside the one writer, without waiting for it.</summary>
internal sealed partial class SqliteTokenStore(DataFolder folder, ServerOptions options, AuditRecorder recorder, ServerMetrics metrics, TimeProvider time) : ITokenStore
{
    // Pages that SQLite keeps for each connection: the inner pages of the index of a million tokens and some leaves.
    private const int PagesKilobytes = 1024;

    // For the writer the inner pages of all indexes of a million tokens: a write touches a leaf of each of them, and should read nothing else.
    private const int WriterPagesKilobytes = 8 << 10;

    // Without a record cache before it, each look-up needs its leaf too: read from here it takes 0.5 µs less than from the operating system's cache.
    private const int PagesKilobytesAlone = 64 << 10;

    private readonly SqliteFile _file = new(folder);
    private readonly ConcurrentBag<SqliteReader> _readers = [];
    private readonly Interned _texts = new();
    private SqliteWriter? _writer;
    private bool _isTrying;

    public Task<StoreContents> LoadAsync(CommitHandler onCommitted, CancellationToken cancellationToken) => Task.Run(
        () => Guarded(() =>
        {
            _file.RefuseLoss();
            var connection = _file.Connect(WriterPagesKilobytes, isFirst: true);
            try
            {
                if (Migrations.IsNew(connection)) _file.RefuseNew();
                Migrations.Apply(connection);
                Sql.Execute(
                    connection,
                    "INSERT INTO settings (name, value) VALUES ($name, $own) ON CONFLICT DO UPDATE SET value = excluded.value",
                    ("$name", LogMarks.LifetimeSetting), ("$own", ((long)options.MaxTokenLifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture)));
                var (epoch, seq, marks) = Sql.Read(
                    connection,
                    $"SELECT epoch, seq, forgotten, forgotten_tokens, (SELECT CAST(value AS INTEGER) FROM settings WHERE name = '{LogMarks.LifetimeSetting}') FROM head",
                    row => (row.GetGuid(0), row.GetInt64(1), new LogMarks(row.GetInt64(2), row.GetInt64(3), row.GetInt64(4))))[0];
                var lastExpiry = Sql.Scalar(connection, "SELECT ifnull(max(expires_at), 0) FROM tokens");
                var rows = Sql.Read(connection, SqliteRows.Select + " ORDER BY seq", SqliteRows.Read);
                var clients = Sql.Read(connection, "SELECT registration FROM clients", row => JsonSerializer.Deserialize(row.GetString(0), ClientRegistrationJson.Default.ClientRegistration)!);
                var settings = Sql.Read(connection, $"SELECT name, value FROM settings WHERE name <> '{LogMarks.LifetimeSetting}'", row => (Name: row.GetString(0), Value: row.GetString(1)));
                _writer = new SqliteWriter(connection, new SqliteReadLock(_file.Connect(PagesKilobytes)), recorder, onCommitted);
                return new StoreContents(epoch, seq, rows, clients, settings.ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal)) { Marks = marks, LastExpiry = lastExpiry };
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }),
        cancellationToken);

    // The look-up takes some microseconds and runs on the caller's thread: handing it to another would cost more than the read.
    public ValueTask<StoredToken> FindAsync(TokenHash hash, bool judge, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(static (reader, asked) => asked.judge ? reader.FindAndJudge(asked.hash) : new StoredToken(reader.Find(asked.hash), null, 0), (hash, judge)));

    public ValueTask<RevocationMatch?> JudgeAsync(TokenRecord record, CancellationToken cancellationToken) => ValueTask.FromResult(Read(static (reader, record) => reader.Judge(record), record));

    public Task<int> AddTokensAsync(IReadOnlyList<TokenRecord> records, IReadOnlyList<RevocationRow>? ended = null, Guid? epoch = null) => WriteAsync((statements, committed) =>
    {
        // One insert is all or nothing by itself and needs no savepoint.
        var taken = records.Count == 1 ? (statements.AddToken(records[0]) ? -1 : 0) : statements.AddTokens(records);
        if (taken < 0 && ended is not null) foreach (var row in ended) statements.Append(row, committed);
        return taken;
    });

    public Task<IReadOnlyList<RevocationRow>> AppendAsync(IReadOnlyList<RevocationRow> rows) =>
        WriteAsync<IReadOnlyList<RevocationRow>>((statements, committed) => [.. rows.Select(row => statements.Append(row, committed))]);

    public Task<RevocationRow?> ChangeAsync(ClientRegistration read, ClientRegistration changed, RevocationRow row) => WriteAsync((statements, committed) =>
    {
        if (!statements.SaveClient(changed, read)) return null;
        committed.Registrations.Add(changed);
        return statements.Append(row, committed);
    });

    public ValueTask<IReadOnlyList<TokenHash>> FindByJtiAsync(string issuer, string jti, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(static (reader, asked) => reader.FindByJti(asked.issuer, asked.jti), (issuer, jti)));

    public Task<long> CountAsync(Selector selector, long? issuedBefore, long now, CancellationToken cancellationToken) =>
        Task.Run(() => Read(static (reader, asked) => reader.Count(asked.selector, asked.issuedBefore, asked.now), (selector, issuedBefore, now)), cancellationToken);

    public Task<bool> AddClientAsync(ClientRegistration registration) => WriteAsync((statements, committed) =>
    {
        var isNew = statements.AddClient(registration);
        if (!isNew) return false;
        committed.Registrations.Add(registration);
        statements.Append(registration.Told(statements.Origin?.Actor), committed);
        return true;
    });

    public Task SetAsync(string name, string value) => WriteAsync((statements, _) =>
    {
        statements.Set(name, value);
        return true;
    });

    public Task<string> SetOnceAsync(string name, string value) => WriteAsync((statements, _) =>
    {
        if (statements.Get(name) is { } kept) return kept;
        statements.Set(name, value);
        return value;
    });

    // A row is in the memory of the only process before its commit is told.
    public Task EnforceAsync(long? seq) => Task.CompletedTask;

    public Task RecordAsync(IReadOnlyList<AuditEvent> events) => WriteAsync((statements, _) =>
    {
        foreach (var e in events) statements.Audit.Append(e);
        return true;
    });

    // Other chains here are those of former keys: nobody writes them.
    public Task SignAuditAsync(bool hasGrown = true) => !hasGrown ? Task.CompletedTask : WriteAsync((statements, _) =>
    {
        statements.Audit.Sign(hasGrown, statements.OtherHeads());
        return true;
    });

    public Task<int> ForgetAuditAsync(string chain, long through, int most) => WriteAsync((statements, _) => statements.ForgetAudit(chain, through, most));

    public ValueTask<RevocationRow?> FindRowAsync(long seq, CancellationToken cancellationToken) => ValueTask.FromResult(Read(static (reader, seq) => reader.FindRow(seq), seq));

    public ValueTask<IReadOnlyList<RevocationRow>> ReadRowsAsync(long after, int most, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(static (reader, asked) => reader.ReadRows(asked.after, asked.most), (after, most)));

    public ValueTask<TokenOwners> FindOwnersAsync(IReadOnlyList<TokenHash> hashes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(static (reader, hashes) => reader.FindOwners(hashes), hashes));

    public ValueTask PingAsync(CancellationToken cancellationToken)
    {
        Read(static (reader, _) => reader.Ping(), 0);
        return ValueTask.CompletedTask;
    }

    // One file on one disk: what becomes of that is the operator's, and there is nothing to look at.
    public ValueTask<string?> DurabilityAsync() => default;

    public bool CanWrite()
    {
        if (_writer is not { IsFailing: true }) return true;
        if (Interlocked.Exchange(ref _isTrying, true) is false) _ = TryWriteAsync();
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        while (_readers.TryTake(out var reader)) reader.Dispose();
        if (_writer is not null) await _writer.DisposeAsync();
        // What the folder is held for is over; the container lets go of it as well.
        folder.Dispose();
    }

    // Writes a page and changes nothing.
    private async Task TryWriteAsync()
    {
        try
        {
            await WriteAsync((statements, _) => Run(statements, "UPDATE head SET seq = seq"));
        }
        catch (StoreException)
        {
            // It still fails.
        }
        finally
        {
            Volatile.Write(ref _isTrying, false);
        }
    }

    private async Task<T> WriteAsync<T>(Func<SqliteStatements, SqliteWriter.Committed, T> apply)
    {
        var started = time.GetTimestamp();
        var result = await (_writer ?? throw new InvalidOperationException("LoadAsync comes first")).WriteAsync(apply);
        metrics.StoreWrote(time.GetElapsedTime(started));
        return result;
    }

    // A static function and its argument: a closure would be made anew at every look-up.
    private T Read<T, TArgument>(Func<SqliteReader, TArgument, T> read, TArgument argument)
    {
        var started = time.GetTimestamp();
        SqliteReader? reader = null;
        try
        {
            if (!_readers.TryTake(out reader)) reader = new SqliteReader(_file.Connect(options.RecordCacheBytes == 0 ? PagesKilobytesAlone : PagesKilobytes), _texts);
            var result = read(reader, argument);
            _readers.Add(reader);
            metrics.StoreRead(time.GetElapsedTime(started));
            return result;
        }
        catch (Exception error)
        {
            reader?.Dispose(); // Whatever went wrong, the next read begins with a fresh connection.
            if (error is SqliteException) throw Unreadable(error);
            throw;
        }
    }

    private static StoreException Unreadable(Exception error) => new($"The database can't be read: {error.Message}", error);

    private static T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (error is not StoreException) // What is stored and can't be understood is a fault of the store as well.
        {
            throw Unreadable(error);
        }
    }
}

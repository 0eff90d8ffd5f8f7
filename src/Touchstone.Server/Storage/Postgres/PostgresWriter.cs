using System.Threading.Channels;
using Npgsql;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// The one writer of a node: it takes all that waits, writes it in one transaction over one connection, and reaches the disk once for all of it.
/// </summary>
/// <remarks>
/// A transaction is three round trips: 1. what the writes ask; 2. the head of the log, from which rows get their numbers, and the rows; 3. the audit and the commit. From 2 on it holds the head,
/// and whoever else appends waits: so the order of commits is the order of numbers over all nodes, without gaps. Nothing that could wait for another transaction comes after it.
/// Revocations alone ask nothing, and are mostly one round trip.
/// </remarks>
internal sealed class PostgresWriter : IAsyncDisposable
{
    private const string Begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    private const int MaxWeight = 1000;
    private const int Misses = 8; // Transactions until the next guess, after one that was wrong: where nodes append at once, it would be wrong again.
    private const int MaxWaiting = 8192;

    private readonly Channel<PostgresWrite> _waiting = Channel.CreateBounded<PostgresWrite>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly PostgresWriterConnection _connection;
    private readonly PostgresNotices _notices;
    private readonly PostgresLog _log;
    private readonly Action _onUnsure;
    private readonly PostgresLifetime _lifetime;
    private readonly TimeSpan _timeout;
    private readonly Task _loop;
    private volatile bool _isFailing;
    private int _misses;

    internal PostgresWriter(PostgresWriterConnection connection, PostgresNotices notices, PostgresLog log, Action onUnsure, PostgresLifetime lifetime, TimeSpan timeout)
    {
        _connection = connection;
        _notices = notices;
        _log = log;
        _onUnsure = onUnsure;
        _lifetime = lifetime;
        _timeout = timeout;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Whether the database did not take the last write, or takes none any more.</summary>
    internal bool IsFailing => _isFailing || _waiting.Reader.Count >= MaxWaiting;

    /// <summary>Writes; done when it is on the disk and memory knows of it.</summary>
    internal Task<T> WriteAsync<T>(Action<PostgresBatch> ask, Func<PostgresBatch, PostgresTransaction, Task<Func<T>>> take, int weight = 1, string? shared = null, IReadOnlyList<TokenRecord>? tokens = null)
    {
        var write = new PostgresWrite<T>(ask, take) { Origin = AuditOrigin.Current, Weight = weight, Shared = shared, Tokens = tokens ?? [] };
        if (!_waiting.Writer.TryWrite(write)) throw new StoreException("Too many writes wait for the database.");
        return write.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
        await _connection.DisposeAsync();
    }

    private async Task RunAsync()
    {
        var batch = new List<PostgresWrite>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            for (var weight = 0; weight < MaxWeight && _waiting.Reader.TryRead(out var write); weight += write.Weight) batch.Add(write);
            // In one order at all nodes, so that none waits for another that waits for it: the database would look a second later, and break one off.
            await CommitAsync(batch.Exists(write => write.Shared is not null) ? [.. batch.OrderBy(write => write.Shared, StringComparer.Ordinal)] : batch);
            batch.Clear();
        }
    }

    private async Task CommitAsync(List<PostgresWrite> batch)
    {
        if (await TryCommitAsync(batch) is not { } error) return;
        if (_isFailing)
        {
            // The database can't be written to: no write is at fault, and each of those that wait would wait as long again.
            foreach (var write in batch) write.Fail(error);
            while (_waiting.Reader.TryRead(out var write)) write.Fail(error);
            return;
        }
        // One of them is: each gets a transaction of its own, so that it fails alone.
        if (batch.Count == 1 && !PostgresFault.IsDeadlock(error)) batch[0].Fail(error);
        else foreach (var write in batch) if (await TryAloneAsync(write) is { } failed) write.Fail(failed);
    }

    // Where two transactions waited for each other the database broke off one: the other is through by now.
    private async Task<Exception?> TryAloneAsync(PostgresWrite write)
    {
        var failed = await TryCommitAsync([write]);
        return failed is not null && PostgresFault.IsDeadlock(failed) ? await TryCommitAsync([write]) : failed;
    }

    private async Task<Exception?> TryCommitAsync(List<PostgresWrite> batch)
    {
        var transaction = new PostgresTransaction();
        Task? committing = null;
        try
        {
            var started = TimeProvider.System.GetTimestamp();
            var connection = await _connection.OpenAsync();
            committing = WriteAsync(connection, batch, transaction);
            await committing.WithinAsync(_timeout - TimeProvider.System.GetElapsedTime(started));
        }
        catch (UndoneException undone)
        {
            return undone;
        }
        catch (Exception failed)
        {
            // Where there was no connection to write with, no write is at fault.
            var isOfDatabase = committing is null || (PostgresFault.Is(failed) && !PostgresFault.IsOfStatement(failed));
            // Whether a commit whose answer is missing took place is not known: the log is read again, and what is found there is taken into memory.
            if (isOfDatabase || !await _connection.TryRollBackAsync()) _connection.Abandon(committing);
            _isFailing = isOfDatabase;
            _onUnsure();
            return PostgresFault.Is(failed) ? PostgresFault.Unwritable(failed) : failed;
        }
        _isFailing = false;
        if (!transaction.MustUndo)
        {
            _connection.Audit.Committed();
            try
            {
                await _log.PublishAsync(transaction);
            }
            catch (StoreException unread)
            {
                // It is in the database, and not in memory yet: nobody may be told that it is done, and nothing may be done again.
                _onUnsure();
                foreach (var write in batch) write.Fail(unread);
                return null;
            }
        }
        foreach (var write in batch) write.Done();
        return null;
    }

    private async Task WriteAsync(NpgsqlConnection connection, List<PostgresWrite> batch, PostgresTransaction transaction)
    {
        bool hasBegun;
        await using (var asked = new PostgresBatch(connection))
        {
            asked.Do(Begin);
            var tokens = PostgresTokenRows.Ask(asked, batch);
            foreach (var write in batch) write.Ask(asked);
            hasBegun = asked.Count > 1;
            if (hasBegun) await asked.SendAsync();
            await PostgresTokenRows.TakeAsync(asked, batch, tokens);
            foreach (var write in batch)
            {
                (transaction.Origin, transaction.Taken) = (write.Origin, write.Taken);
                await write.TakeAsync(asked, transaction);
            }
            if (hasBegun) await asked.EndAsync();
        }
        if (transaction.MustUndo)
        {
            if (!await _connection.TryRollBackAsync()) throw new TimeoutException("What was undone could not be rolled back.");
            if (batch.Count > 1) throw new UndoneException();
            return;
        }
        if (!hasBegun && transaction.HasOnlyRows && await TryAtOnceAsync(connection, transaction)) return;
        if (transaction.NeedsHead)
        {
            await using var append = new PostgresBatch(connection);
            if (!hasBegun) append.Do(Begin);
            hasBegun = true;
            PostgresAppend.Ask(append, transaction, _lifetime, onlyAfter: null);
            await append.SendAsync();
            if (!await PostgresAppend.TakeAsync(append, transaction, _log.Cursor.Epoch)) throw new StoreException("The head of the revocation log is missing.");
            await append.EndAsync();
        }
        await using var end = new PostgresBatch(connection);
        if (!hasBegun) end.Do(Begin);
        AskEnd(end, transaction, always: true);
        await end.SendAsync();
        await TakeEndAsync(end, transaction);
        await end.EndAsync();
    }

    // The newest row in memory is mostly the newest there is. Then what the rows will be numbered is known, and all of it is one round trip. Has another node appended meanwhile, nothing happens.
    private async Task<bool> TryAtOnceAsync(NpgsqlConnection connection, PostgresTransaction transaction)
    {
        if (_misses > 0 && --_misses > 0) return false;
        var after = _log.Cursor;
        transaction.Number(after.Epoch, after.Seq + transaction.Rows.Count, 0, "", after.Row, [.. transaction.Rows.Select(row => row.ForgetAfter)]);
        await using var batch = new PostgresBatch(connection);
        batch.Do(Begin);
        PostgresAppend.Ask(batch, transaction, _lifetime, after);
        AskEnd(batch, transaction, always: false);
        await batch.SendAsync();
        var isDone = await PostgresAppend.TakeAsync(batch, transaction, after.Epoch);
        if (isDone) await TakeEndAsync(batch, transaction);
        await batch.EndAsync();
        _misses = isDone ? 0 : Misses;
        return isDone;
    }

    private void AskEnd(PostgresBatch batch, PostgresTransaction transaction, bool always)
    {
        var (audit, records) = (_connection.Audit, _connection.Records);
        records.Clear();
        audit.Begin();
        foreach (var make in transaction.Events)
        {
            if (make() is { } e) audit.Append(e);
            else audit.Sign(transaction.Checkpoint.HasGrown, transaction.Checkpoint.Others);
        }
        if (records.Count > 0)
        {
            batch.Do(
                $"INSERT INTO audit (chain, n, record) SELECT $1, n, record FROM unnest($2, $3) AS new (n, record) WHERE $4 OR {PostgresAppend.IsHeld}",
                PostgresValue.Text(_connection.Chain), PostgresValue.Longs([.. records.Select(record => (long?)record.N)]), PostgresValue.Blobs([.. records.Select(record => record.Record)]), PostgresValue.Bool(always));
        }
        if (transaction.Rows.Count + transaction.Registrations.Count > 0)
        {
            var (wake, rows) = (_notices.Wake(transaction.Seq, transaction.ClientChanges), _notices.Rows(transaction));
            // A row may have to be remembered for longer than was guessed: then the notification does not hold it.
            batch.Do(
                $"SELECT pg_notify($1, CASE WHEN (SELECT sum(forget_after) FROM revocations WHERE $4 IS NOT NULL AND seq > $2 AND seq <= $3) = $4 THEN $5 ELSE $6 END) WHERE $7 OR {PostgresAppend.IsHeld}",
                PostgresValue.Text(PostgresDatabase.Channel), PostgresValue.Long(transaction.Before.Seq), PostgresValue.Long(transaction.Seq), PostgresValue.Long(rows is null ? null : transaction.Rows.Sum(row => row.ForgetAfter)),
                PostgresValue.Text(rows), PostgresValue.Text(wake), PostgresValue.Bool(always));
        }
        batch.Do("COMMIT");
        if (transaction.Rows.Count > 0) PostgresNodes.AskWho(batch);
    }

    private static async Task TakeEndAsync(PostgresBatch batch, PostgresTransaction transaction)
    {
        if (transaction.Rows.Count == 0) return;
        await batch.CountAsync(); // The notification.
        transaction.Seen = await PostgresNodes.TakeWhoAsync(batch, transaction.Life);
    }

    // A write among others could not be done whole, and the others have to be made anew without it.
    private sealed class UndoneException : Exception;
}

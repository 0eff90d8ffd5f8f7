using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// The log as this node follows it: one cursor, moved by its own commits and by what other nodes committed, and always over every row between. It brings both into memory in the order of the log.
/// </summary>
internal sealed class PostgresLog(PostgresLogReader reader, CommitHandler onCommitted, Action onLost, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long it waits for a wake-up before it looks by itself: notifications are lost with the connection that they would have come over.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _one = new(1);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private LogCursor _cursor;
    private long _clientChanges;
    private volatile bool _isLost;
    private Task _tail = Task.CompletedTask;
    private ITimer? _interval;

    /// <summary>The life of the log that is in memory.</summary>
    internal Guid Epoch { get; private set; }

    /// <summary>Memory holds what was loaded, up to here.</summary>
    internal void Begin(LogCursor cursor, long clientChanges) => (Epoch, _cursor, _clientChanges) = (cursor.Epoch, cursor, clientChanges);

    /// <summary>Follows what other nodes commit, from now on.</summary>
    internal void Follow()
    {
        _tail = Task.Run(FollowAsync);
        _interval = time.CreateTimer(static log => ((PostgresLog)log!).Wake(), this, Interval, Interval);
    }

    /// <summary>Looks for new rows now.</summary>
    internal void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another woke it at the same moment.
        }
    }

    /// <summary>Whether a commit that was heard of is in memory already.</summary>
    internal async Task<bool> HasAsync(long seq, long clientChanges)
    {
        await _one.WaitAsync();
        try
        {
            return _cursor.Seq >= seq && _clientChanges >= clientChanges;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Brings a commit of this node into memory, after everything that was committed before it.</summary>
    /// <exception cref="StoreException">What other nodes committed before it can't be read. It will be when the tail can read again.</exception>
    internal async Task PublishAsync(PostgresTransaction committed)
    {
        if (committed.Rows.Count + committed.Registrations.Count == 0) return;
        await _one.WaitAsync();
        try
        {
            ThrowIfLost();
            var changed = committed.Registrations.Count > 0 ? 1 : 0;
            if (_cursor.Seq + committed.Rows.Count == committed.Seq && _clientChanges + changed == committed.ClientChanges)
            {
                Publish(committed.Rows, committed.Registrations, committed.Rows.Count > 0 ? committed.Head : _cursor, committed.ClientChanges);
                return;
            }
            while (_cursor.Seq < committed.Seq || _clientChanges < committed.ClientChanges) await ReadAsync();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Reads what is new, and brings it into memory.</summary>
    internal async Task CatchUpAsync()
    {
        await _one.WaitAsync();
        try
        {
            ThrowIfLost();
            while (!await ReadAsync())
            {
                // There were more rows than one read gives.
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Fails when this node follows a log that is no more.</summary>
    internal void ThrowIfLost()
    {
        if (_isLost) throw new StoreException("The database holds another revocation log than the one that this node followed: it was restored or replaced. The node stops; start it again.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_interval is not null) await _interval.DisposeAsync();
        await _stopping.CancelAsync();
        await _tail;
        await reader.DisposeAsync();
    }

    private async Task<bool> ReadAsync()
    {
        var read = await reader.ReadAsync(_cursor, _clientChanges);
        if (!read.View.Continues(_cursor))
        {
            // Rows that memory has may be gone from the database. To go on would call tokens active that were revoked.
            _isLost = true;
            logger.LogLost();
            onLost();
            ThrowIfLost();
        }
        if (read.Rows.Count > 0 || read.ClientChanges != _clientChanges) Publish(read.Rows, read.Registrations, read.Cursor, read.ClientChanges);
        return read.IsWhole;
    }

    private void Publish(IReadOnlyList<RevocationRow> rows, IReadOnlyList<ClientRegistration> registrations, LogCursor cursor, long clientChanges)
    {
        try
        {
            onCommitted(rows, registrations, cursor.Seq);
        }
        catch (Exception bug)
        {
            // Memory would no longer be what the database is: a revoked token could be called active. Better no answer at all.
            Environment.FailFast("Committed changes could not be brought into memory.", bug);
        }
        (_cursor, _clientChanges) = (cursor, clientChanges);
    }

    private async Task FollowAsync()
    {
        var isFailing = false;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _wake.WaitAsync(_stopping.Token);
                await CatchUpAsync();
                if (isFailing) logger.LogReadAgain();
                isFailing = false;
            }
            catch (StoreException failed)
            {
                if (!isFailing) logger.LogUnread(failed.Message);
                isFailing = true;
            }
            catch (OperationCanceledException)
            {
                // Stopping.
            }
            if (_isLost) return;
        }
    }
}

using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;
using Touchstone.Server.Leases;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// The log as this node follows it: one cursor, moved by its own commits and by what other nodes committed, and always over every row between. It brings both into memory in the order of the log.
/// </summary>
internal sealed class PostgresLog(PostgresLogReader reader, CommitHandler onCommitted, Action<LogMarks> onMarked, Action onMoved, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly RecentRows _recent = new();
    private volatile Place _place = new(default, 0);
    private LogMarks _marks;
    private volatile bool _isOther;
    private volatile LifeSeen _life = new("", default);

    /// <summary>What is in memory: everything up to here.</summary>
    internal LogCursor Cursor => _place.Cursor;

    /// <summary>The life of the database that was seen last, and since when.</summary>
    internal LifeSeen Life => _life;

    /// <summary>Memory holds what was loaded, up to here.</summary>
    /// <param name="loaded">What was read.</param>
    /// <param name="isOurs">Whether this process made the database: then nobody used it in an earlier life of it.</param>
    internal void Begin(LogRead loaded, bool isOurs)
    {
        _place = new Place(loaded.Cursor, loaded.ClientChanges);
        _recent.Begin(loaded.Cursor);
        _marks = loaded.Marks; // Of another life they may be lower.
        _life = new LifeSeen(loaded.View.Database, isOurs ? default : time.Read());
        _isOther = false;
    }

    /// <summary>Whether a commit that was heard of is in memory already, as those of this node mostly are.</summary>
    internal bool Has(long seq, long clientChanges) => _place is var place && place.Cursor.Seq >= seq && place.ClientChanges >= clientChanges;

    /// <summary>Whether somebody who is at this place has read the log that memory holds; false also where memory is not as far.</summary>
    internal bool Knows(LogCursor place) => _recent.Has(place);

    /// <summary>Brings a commit of this node into memory, after everything that was committed before it.</summary>
    /// <exception cref="StoreException">What other nodes committed before it can't be read. It will be when the node can read again.</exception>
    internal async Task PublishAsync(PostgresTransaction committed)
    {
        if (committed.Rows.Count + committed.Registrations.Count == 0) return;
        await _one.WaitAsync();
        try
        {
            ThrowIfOther();
            var changed = committed.Registrations.Count > 0 ? 1 : 0;
            var (cursor, changes) = _place;
            if (cursor == committed.Before && changes + changed == committed.ClientChanges)
            {
                Publish(committed.Rows, committed.Registrations, committed.Rows.Count > 0 ? committed.Head : cursor, committed.ClientChanges);
                return;
            }
            // Others committed before it; or it is read already; or its numbers are of another log, which reading tells: a restored one gives them once more.
            do
            {
                await ReadAsync();
                ThrowIfOther();
            }
            while (!Has(committed.Seq, committed.ClientChanges));
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Brings into memory what another node told of; false when it does not come right after what memory has, or that can't be told: then the log has to be read.</summary>
    internal async Task<bool> TakeAsync(NoticedRows told)
    {
        await _one.WaitAsync();
        try
        {
            if (_isOther) return false;
            var (cursor, changes) = _place;
            if (_recent.Has(told.Head)) return true;
            if (cursor != told.Before) return false;
            Publish(told.Rows, [], told.Head, changes);
            return true;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Reads what is new, and brings it into memory; false when the database holds another life of the log than memory does.</summary>
    internal async Task<bool> CatchUpAsync()
    {
        await _one.WaitAsync();
        try
        {
            while (!_isOther && !await ReadAsync())
            {
                // There were more rows than one read gives.
            }
            return !_isOther;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Puts another life of the log in the place of the one that memory holds. Nothing is read or published meanwhile.</summary>
    internal async Task BeginAsync(Func<LogCursor, Task<LogRead>> begin)
    {
        await _one.WaitAsync();
        try
        {
            Begin(await begin(Cursor), isOurs: false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Fails while the database holds another life of the log than memory does.</summary>
    internal void ThrowIfOther()
    {
        if (_isOther) throw new StoreException("The database was restored, replaced or failed over: the node begins anew with what it holds now.");
    }

    public ValueTask DisposeAsync() => reader.DisposeAsync();

    // Whether memory holds everything up to the head now, or can't.
    private async Task<bool> ReadAsync()
    {
        var ((cursor, changes), life) = (_place, _life);
        var read = await reader.ReadAsync(cursor, changes);
        if (!read.View.Continues(cursor) || !PostgresDatabase.IdentityOf(read.View.Database).SequenceEqual(PostgresDatabase.IdentityOf(life.Database)))
        {
            // Rows that memory has may be gone from the database. To go on would call tokens active that were revoked.
            _isOther = true;
            return true;
        }
        if (read.View.Database != life.Database) _life = new LifeSeen(read.View.Database, time.Read());
        if (read.Marks != _marks) onMarked(_marks = read.Marks);
        if (read.Rows.Count > 0 || read.ClientChanges != changes) Publish(read.Rows, read.Registrations, read.Cursor, read.ClientChanges);
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
        _place = new Place(cursor, clientChanges);
        foreach (var row in rows) _recent.Add(row.Seq, row.Id);
        onMoved();
    }
}

/// <summary>How far memory is: in the log, and in how often registrations have changed.</summary>
internal sealed record Place(LogCursor Cursor, long ClientChanges);

/// <summary>What the database says of itself, and since when this process sees it say so.</summary>
internal sealed record LifeSeen(string Database, ClockReading Since);

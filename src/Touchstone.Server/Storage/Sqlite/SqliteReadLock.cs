using Microsoft.Data.Sqlite;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>
/// A read transaction that stays open while nothing is written. It reads nothing and changes no answer: each look-up still begins a snapshot of its own. But SQLite shares
/// one lock of the operating system between all connections of a process that read the same snapshot, so with this one open a look-up takes and gives back none:
/// two fcntl calls less, 1.4 of 29 µs of an introspection that reads from the store.
/// </summary>
/// <remarks>The writer, whose thread alone uses it, lets it go before it writes: a snapshot held for long would keep the write-ahead log from starting again.</remarks>
internal sealed class SqliteReadLock(SqliteConnection connection) : IDisposable
{
    private bool _isHeld;

    /// <summary>Opens a snapshot of what is committed now. A store that fails says so at the look-up itself.</summary>
    internal void Hold()
    {
        try
        {
            Sql.Execute(connection, "BEGIN");
            _isHeld = true;
            Sql.Scalar(connection, "SELECT seq FROM head"); // Only a read begins the snapshot.
        }
        catch (SqliteException)
        {
            Release();
        }
    }

    internal void Release()
    {
        if (!_isHeld) return;
        _isHeld = false;
        try
        {
            Sql.Execute(connection, "ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite ended the transaction itself.
        }
    }

    public void Dispose() => connection.Dispose();
}

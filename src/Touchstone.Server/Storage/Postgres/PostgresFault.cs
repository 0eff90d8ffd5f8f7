using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>What can go wrong with a database on the other side of a network, and what is done about it.</summary>
internal static class PostgresFault
{
    /// <summary>Whether this is the database's failure, and no bug of ours.</summary>
    internal static bool Is(Exception error) => error is DbException or TimeoutException or IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException { Source: "Npgsql" };

    /// <summary>Whether the server told of a statement that it can't do, on a connection that is still good: another statement may go well.</summary>
    internal static bool IsOfStatement(Exception error) => error is PostgresException { SqlState: var state } && state[..2] is "22" or "23" or "40" or "42" or "44" or "P0";

    /// <summary>Whether a write was broken off for another one, with which it waited in a circle: nothing is wrong with it, and it may go well when it is tried again.</summary>
    internal static bool IsDeadlock(Exception error) => error is StoreException { InnerException: PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } };

    /// <summary>Whether the connection is gone: the server was stopped (57P01), crashed (57P02), starts (57P03), or hung up. Nothing was answered.</summary>
    internal static bool IsGone(Exception error) => error is PostgresException { SqlState: "57P01" or "57P02" or "57P03" } or (NpgsqlException and not PostgresException) or IOException or SocketException or InvalidOperationException;

    internal static StoreException Unreadable(Exception error) => error as StoreException ?? new StoreException($"The database can't be read: {Describe(error)}", error);

    internal static StoreException Unwritable(Exception error) => error as StoreException ?? new StoreException($"The database refused a write: {Describe(error)}", error);

    /// <summary>The cause in words. What a statement held is never among them.</summary>
    internal static string Describe(Exception error) => error switch
    {
        PostgresException told => $"{told.MessageText} ({told.SqlState})",
        TimeoutException or OperationCanceledException => "it did not answer in time",
        NpgsqlException { InnerException: { } inner } => inner is PostgresException or TimeoutException ? Describe(inner) : inner.Message,
        _ => error.Message,
    };

    /// <summary>
    /// Waits for the database so long and no longer, by the clock of the wall and not by that of a test. What is waited for may go on: a command that a frozen server holds can't be called back,
    /// and asking it to cancel would wait as well.
    /// </summary>
    internal static Task<T> WithinAsync<T>(this Task<T> task, TimeSpan left) => task.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, TimeProvider.System);

    internal static Task WithinAsync(this Task task, TimeSpan left) => task.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, TimeProvider.System);
}

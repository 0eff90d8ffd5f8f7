using System.Collections.Concurrent;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// The connections that look things up: so many and no more, each used by one request at a time. A look-up ends in time whatever the database does, and a connection on which something went
/// wrong is never used again.
/// </summary>
internal sealed class PostgresReaders(PostgresDatabase database, int most) : IAsyncDisposable
{
    private readonly ConcurrentStack<PostgresReader> _idle = [];
    private readonly SemaphoreSlim _free = new(most);
    private readonly Interned _texts = new();

    /// <summary>Reads. A reader is made when none is idle; one whose server has gone since its last use is replaced once, and the look-up is made again.</summary>
    /// <exception cref="StoreException">The database can't be asked, or did not answer in time.</exception>
    internal async Task<T> ReadAsync<T, TArgument>(Func<PostgresReader, TArgument, Task<T>> read, TArgument argument)
    {
        var started = TimeProvider.System.GetTimestamp();
        if (!await _free.WaitAsync(database.Timeout)) throw new StoreException("The database can't be read: too many look-ups wait for it.");
        try
        {
            while (true)
            {
                PostgresReader? reader = null;
                Task<T>? reading = null;
                var isOld = false;
                try
                {
                    isOld = _idle.TryPop(out reader);
                    reader ??= await OpenAsync(Left(started));
                    reading = read(reader, argument);
                    var result = await reading.WithinAsync(Left(started));
                    _idle.Push(reader);
                    return result;
                }
                catch (Exception error)
                {
                    reader?.Abandon(reading);
                    if (isOld && PostgresFault.IsGone(error))
                    {
                        Clear(); // What was open before the server went is of no use.
                        continue;
                    }
                    if (PostgresFault.Is(error)) throw PostgresFault.Unreadable(error);
                    throw;
                }
            }
        }
        finally
        {
            _free.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        Clear();
        return ValueTask.CompletedTask;
    }

    private async Task<PostgresReader> OpenAsync(TimeSpan left)
    {
        var opening = PostgresReader.OpenAsync(database, _texts);
        try
        {
            return await opening.WithinAsync(left);
        }
        catch (TimeoutException)
        {
            // It may open yet, and nobody would close it.
            _ = opening.ContinueWith(late => late.Result.Abandon(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    private TimeSpan Left(long started) => database.Timeout - TimeProvider.System.GetElapsedTime(started);

    private void Clear()
    {
        while (_idle.TryPop(out var reader)) reader.Abandon();
    }
}

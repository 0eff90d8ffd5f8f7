using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>A connection of its own for one purpose, so that no crowd of look-ups holds it up. One user at a time; after a failure it is opened anew.</summary>
internal sealed class PostgresLine(PostgresDatabase database, TimeSpan? limit = null) : IAsyncDisposable
{
    private readonly TimeSpan _limit = limit is { } shorter && shorter < database.Timeout ? shorter : database.Timeout;
    private NpgsqlConnection? _connection;

    /// <summary>Asks, and gives up in time.</summary>
    /// <exception cref="StoreException">The database can't be asked, or did not answer in time.</exception>
    internal async Task<T> AskAsync<T, TArgument>(Func<NpgsqlConnection, TArgument, Task<T>> ask, TArgument argument)
    {
        var started = TimeProvider.System.GetTimestamp();
        Task<T>? asking = null;
        try
        {
            if (_connection is null or { FullState: not System.Data.ConnectionState.Open }) _connection = await database.ConnectAsync(_limit);
            asking = ask(_connection, argument);
            return await asking.WithinAsync(_limit - TimeProvider.System.GetElapsedTime(started));
        }
        catch (Exception failed)
        {
            if (_connection is not null) PostgresDatabase.Abandon(_connection, asking);
            _connection = null;
            if (PostgresFault.Is(failed)) throw PostgresFault.Unreadable(failed);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
    }
}

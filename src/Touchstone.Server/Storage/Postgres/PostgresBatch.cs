using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Statements that go to the database together: one round trip for all of them. Each that <see cref="Ask"/> adds gives rows, if only to say that it changed one.</summary>
internal sealed class PostgresBatch(NpgsqlConnection connection) : IAsyncDisposable
{
    private readonly NpgsqlBatch _batch = new(connection);
    private NpgsqlDataReader? _rows;
    private bool _isFirst = true;

    /// <summary>How many statements are asked.</summary>
    internal int Count => _batch.BatchCommands.Count;

    /// <summary>Adds a statement that gives rows.</summary>
    internal void Ask(string text, params ReadOnlySpan<NpgsqlParameter> values)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var value in values) command.Parameters.Add(value);
        _batch.BatchCommands.Add(command);
    }

    /// <summary>Adds a statement that gives none.</summary>
    internal void Do(string text, params ReadOnlySpan<NpgsqlParameter> values) => Ask(text, values);

    /// <summary>Sends them all.</summary>
    internal async Task SendAsync() => _rows = await _batch.ExecuteReaderAsync();

    /// <summary>The rows of the next statement that gives any, in the order of asking.</summary>
    internal async Task<List<T>> TakeAsync<T>(Func<NpgsqlDataReader, T> read)
    {
        if (!_isFirst && !await _rows!.NextResultAsync()) throw new InvalidOperationException("More rows are taken than were asked for.");
        _isFirst = false;
        var taken = new List<T>();
        while (await _rows!.ReadAsync()) taken.Add(read(_rows));
        return taken;
    }

    /// <summary>How many rows the next statement gave.</summary>
    internal async Task<int> CountAsync() => (await TakeAsync(static _ => 0)).Count;

    /// <summary>Waits for the end of what was sent: an error of the last statement is told here.</summary>
    internal async Task EndAsync()
    {
        while (await _rows!.NextResultAsync())
        {
            // Nobody asked for it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_rows is not null) await _rows.DisposeAsync();
        await _batch.DisposeAsync();
    }
}

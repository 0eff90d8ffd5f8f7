using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Hears of commits of other nodes. Nothing depends on it: whatever gets lost on the way is found by whoever looks by itself, and after each new connection it wakes in any case.</summary>
internal sealed class PostgresListener(PostgresDatabase database, PostgresNotices notices, Action<PostgresNotice?> onHeard, Action<NodeAcknowledgement?> onAcknowledged, TimeProvider time) : IAsyncDisposable
{
    // A quiet connection is tried after this time: one whose server is gone says nothing.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopping = new();
    private Task _listening = Task.CompletedTask;

    internal void Start() => _listening = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _listening;
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            NpgsqlConnection? connection = null;
            Task? last = null;
            try
            {
                connection = await database.ConnectAsync();
                connection.Notification += (_, heard) => Hear(heard.Channel, heard.Payload);
                await (last = ExecuteAsync(connection, $"LISTEN {PostgresDatabase.Channel}; LISTEN {PostgresDatabase.Acknowledged}{database.Sender}")).WithinAsync(database.Timeout);
                onHeard(null); // Whatever was told meanwhile is lost.
                while (true)
                {
                    if (!await connection.WaitAsync(Quiet, _stopping.Token)) await (last = ExecuteAsync(connection, "SELECT 1")).WithinAsync(database.Timeout);
                }
            }
            catch (Exception failed) when (PostgresFault.Is(failed) || failed is StoreException)
            {
                if (connection is not null) PostgresDatabase.Abandon(connection, last);
            }
            await RestAsync();
        }
    }

    private void Hear(string channel, string payload)
    {
        var notice = notices.Read(channel, payload);
        // What this process commits is in its memory by itself, or it reads the log.
        if (notice?.Sender == database.Sender) return;
        if (notice is null || channel == PostgresDatabase.Channel) onHeard(notice);
        else onAcknowledged(notice.Acknowledgement);
    }

    private async Task RestAsync()
    {
        try
        {
            await Task.Delay(Rest, time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text)
    {
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync();
    }
}

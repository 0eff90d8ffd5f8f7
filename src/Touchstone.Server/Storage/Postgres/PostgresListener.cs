using System.Globalization;
using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Hears of commits of other nodes. It only wakes: whatever gets lost on the way is found by whoever looks by itself, and after each new connection it wakes in any case.</summary>
internal sealed class PostgresListener(PostgresDatabase database, Func<long, long, Task> onHeard, Action onAcknowledged, TimeProvider time) : IAsyncDisposable
{
    // A quiet connection is tried after this time: one whose server is gone says nothing.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopping = new();
    private Task _listening = Task.CompletedTask;

    /// <summary>What a notification says: how far the log and the changes of registrations are. Nothing secret.</summary>
    internal static string Payload(long seq, long clientChanges) => string.Create(CultureInfo.InvariantCulture, $"{seq}.{clientChanges}");

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
                connection.Notification += (_, heard) => _ = HearAsync(heard.Channel, heard.Payload);
                await (last = ExecuteAsync(connection, $"LISTEN {PostgresDatabase.Channel}; LISTEN {PostgresDatabase.Acknowledged}")).WithinAsync(database.Timeout);
                await onHeard(long.MaxValue, long.MaxValue); // Whatever was told meanwhile is lost.
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

    private Task HearAsync(string channel, string payload)
    {
        if (channel == PostgresDatabase.Acknowledged)
        {
            onAcknowledged();
            return Task.CompletedTask;
        }
        var dot = payload.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && long.TryParse(payload.AsSpan(0, dot), out var seq) && long.TryParse(payload.AsSpan(dot + 1), out var changes) ? onHeard(seq, changes) : onHeard(long.MaxValue, long.MaxValue);
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

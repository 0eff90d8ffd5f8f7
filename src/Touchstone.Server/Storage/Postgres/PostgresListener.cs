using System.Globalization;
using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Hears of commits of other nodes. It only wakes: whatever gets lost on the way is found by whoever looks by itself, and after each new connection it wakes in any case.</summary>
internal sealed class PostgresListener(PostgresDatabase database, Action<string?, long, long> onHeard, Action<string, long> onAcknowledged, TimeProvider time) : IAsyncDisposable
{
    // A quiet connection is tried after this time: one whose server is gone says nothing.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopping = new();
    private Task _listening = Task.CompletedTask;

    /// <summary>What a notification says: who sends it, how far the log and the changes of registrations are. Nothing secret.</summary>
    internal static string Payload(string sender, long seq, long clientChanges) => string.Create(CultureInfo.InvariantCulture, $"{sender}.{seq}.{clientChanges}");

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
                onHeard(null, long.MaxValue, long.MaxValue); // Whatever was told meanwhile is lost.
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
        if (!TryRead(payload, out var sender, out var seq, out var changes)) onHeard(null, long.MaxValue, long.MaxValue);
        // What this process commits is in its memory by itself, or it reads the log.
        else if (sender == database.Sender) return;
        else if (channel == PostgresDatabase.Channel) onHeard(sender, seq, changes);
        else onAcknowledged(sender, seq);
    }

    private static bool TryRead(string payload, out string sender, out long seq, out long clientChanges)
    {
        var parts = payload.Split('.');
        (sender, seq, clientChanges) = (parts[0], 0, 0);
        return parts.Length == 3 && PostgresDatabase.IsSender(sender) && long.TryParse(parts[1], CultureInfo.InvariantCulture, out seq) && long.TryParse(parts[2], CultureInfo.InvariantCulture, out clientChanges);
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

using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>How long the tokens of all nodes may live: the largest <c>MaxTokenLifetime</c> of any (<see cref="LogMarks.LifetimeSetting"/>). Rows last as long, whichever node writes them.</summary>
internal sealed class PostgresLifetime(ServerOptions options)
{
    /// <summary>That setting, in seconds.</summary>
    internal const string Longest = $"(SELECT value::bigint FROM settings WHERE name = '{LogMarks.LifetimeSetting}')";

    private const string Raise = "INSERT INTO settings (name, value) VALUES ($1, $2::text) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE settings.value::bigint < excluded.value::bigint";

    /// <summary>When the last token is over that a row written at <c>at</c> may end: of those that are stored, and of those that are being issued.</summary>
    internal const string LastEnd = $"greatest(at + {Longest}, (SELECT max(expires_at) FROM tokens))";

    /// <summary>This node's own.</summary>
    internal long Seconds { get; } = (long)options.MaxTokenLifetime.TotalSeconds;

    /// <summary>
    /// Raises it to this node's own; where no other node is there it is that: what nodes of before issued is stored, and counts by its end. Before anything is loaded, and with the head held to the end: whatever row is written without knowing of this has a number by then, and ends nothing that is issued here.
    /// </summary>
    internal async Task BeginAsync(NpgsqlConnection connection, Guid instance)
    {
        await using var batch = new PostgresBatch(connection);
        // By itself: what waited for the head and looked for nodes in one statement would not see one that came meanwhile.
        batch.Do("SELECT 1 FROM head FOR UPDATE");
        batch.Do($"{Raise} OR NOT EXISTS (SELECT 1 FROM nodes WHERE beat >= 0 AND instance <> $3)", Name, Own, PostgresValue.Id(instance));
        await batch.SendAsync();
        await batch.EndAsync();
    }

    /// <summary>Raises it to this node's own, by whoever holds the head.</summary>
    internal async Task RaiseAsync(NpgsqlConnection connection)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Do(Raise, Name, Own);
        await batch.SendAsync();
        await batch.EndAsync();
    }

    private static NpgsqlParameter Name => PostgresValue.Text(LogMarks.LifetimeSetting);

    private NpgsqlParameter Own => PostgresValue.Long(Seconds);
}

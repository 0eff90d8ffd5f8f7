using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>How long the tokens of all nodes may live: the largest <c>MaxTokenLifetime</c> that any ever had (<see cref="LogMarks.LifetimeSetting"/>). Rows last as long, whichever node writes them.</summary>
internal sealed class PostgresLifetime(ServerOptions options)
{
    /// <summary>That setting, in seconds.</summary>
    internal const string Longest = $"(SELECT value::bigint FROM settings WHERE name = '{LogMarks.LifetimeSetting}')";

    /// <summary>When the last token is over that a row written at <c>at</c> may end: of those that are stored, and of those that are being issued.</summary>
    internal const string LastEnd = $"greatest(at + {Longest}, (SELECT max(expires_at) FROM tokens))";

    /// <summary>This node's own.</summary>
    internal long Seconds { get; } = (long)options.MaxTokenLifetime.TotalSeconds;

    /// <summary>
    /// Raises it to this node's own. Before anything is loaded, and with the head held to the end: whatever row is written without knowing of this has a number by then, and ends nothing that is issued here.
    /// Nobody lowers it: a node that was frozen, and whose row others took away, goes on to issue tokens by its own when it wakes.
    /// </summary>
    internal async Task RaiseAsync(NpgsqlConnection connection)
    {
        await using var batch = new PostgresBatch(connection);
        batch.Do("SELECT 1 FROM head FOR UPDATE");
        batch.Do(
            "INSERT INTO settings (name, value) VALUES ($1, $2::text) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE settings.value::bigint < excluded.value::bigint",
            PostgresValue.Text(LogMarks.LifetimeSetting), PostgresValue.Long(Seconds));
        await batch.SendAsync();
        await batch.EndAsync();
    }
}

using Npgsql;
using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The table of nodes: who may decide from memory, since which heartbeat, and up to which row. Registrations and heartbeats are on the disk when they return, as a revocation is.</summary>
internal sealed class PostgresNodes(PostgresDatabase database, PostgresNotices notices) : IAsyncDisposable
{
    // What was acknowledged counts if it is a row of this log: a restored one gives the same numbers to others.
    private const string Look = $"""
        SELECT {PostgresDatabase.Life}, n.name, n.instance, n.beat, n.epoch,
            CASE WHEN EXISTS (SELECT 1 FROM revocations AS r WHERE r.seq = n.acknowledged AND r.id = n.acknowledged_row) THEN n.acknowledged ELSE 0 END
        FROM (SELECT 1) AS one LEFT JOIN nodes AS n ON TRUE
        """;

    // Heartbeats must not wait for looks, nor looks for heartbeats; and a look that hangs must not keep from seeing that time is over.
    private readonly PostgresLine _beats = new(database), _looks = new(database, TimeSpan.FromMilliseconds(500));

    /// <summary>Adds this process, before it reads anything that it will decide by.</summary>
    internal Task RegisterAsync(string name, Guid instance, long startedAt) => _beats.AskAsync(
        static (connection, node) => ChangeAsync(
            connection, "INSERT INTO nodes (instance, name, beat, epoch, acknowledged, started_at) VALUES ($1, $2, 0, '00000000-0000-0000-0000-000000000000', 0, $3)",
            PostgresValue.Id(node.instance), PostgresValue.Text(node.name), PostgresValue.Long(node.startedAt)),
        (name, instance, startedAt));

    /// <summary>A heartbeat, which also acknowledges what is in memory; false when this process's row is gone.</summary>
    internal Task<bool> BeatAsync(Guid instance, LogCursor acknowledged) => _beats.AskAsync(
        static async (connection, node) => 1 == await ChangeAsync(
            connection, "UPDATE nodes SET beat = beat + 1, epoch = $2, acknowledged = $3, acknowledged_row = $4 WHERE instance = $1",
            PostgresValue.Id(node.instance), PostgresValue.Id(node.acknowledged.Epoch), PostgresValue.Long(node.acknowledged.Seq), PostgresValue.Id(node.acknowledged.Row)),
        (instance, acknowledged));

    /// <summary>
    /// Acknowledges what is in memory, and tells those who may be waiting for it. It need not be on the disk: were it lost, others would wait longer, and after a crash of the database only time counts.
    /// That takes a commit's wait for the disk out of every revocation.
    /// </summary>
    internal Task AcknowledgeAsync(Guid instance, LogCursor acknowledged, string[] told) => _beats.AskAsync(
        static (connection, node) => ChangeAsync(
            connection,
            $"UPDATE nodes SET epoch = $2, acknowledged = $3, acknowledged_row = $4 WHERE instance = $1 RETURNING set_config('synchronous_commit', 'off', true), (SELECT count(pg_notify('{PostgresDatabase.Acknowledged}' || sender, $5)) FROM unnest($6) AS told (sender))",
            PostgresValue.Id(node.instance), PostgresValue.Id(node.acknowledged.Epoch), PostgresValue.Long(node.acknowledged.Seq), PostgresValue.Id(node.acknowledged.Row), PostgresValue.Text(node.payload), PostgresValue.Texts(node.told)),
        (instance, acknowledged, payload: notices.Acknowledged(instance, acknowledged), told));

    /// <summary>Marks this process's row: it decides nothing any more. The others take the row away; one that is just gone, they wait for.</summary>
    internal Task LeaveAsync(Guid instance) => _beats.AskAsync(static (connection, instance) => ChangeAsync(connection, "UPDATE nodes SET beat = -1 WHERE instance = $1", PostgresValue.Id(instance)), instance);

    /// <summary>All nodes, and what the database says of itself, in one snapshot that begins now.</summary>
    internal Task<NodesSeen> LookAsync() => _looks.AskAsync(
        static async (connection, _) =>
        {
            await using var command = new NpgsqlCommand(Look, connection);
            await using var row = await command.ExecuteReaderAsync();
            var life = "";
            var nodes = new List<NodeRow>();
            while (await row.ReadAsync())
            {
                life = row.GetString(0);
                if (!await row.IsDBNullAsync(1)) nodes.Add(new NodeRow(row.GetString(1), row.GetGuid(2), row.GetInt64(3), row.GetGuid(4), row.GetInt64(5)));
            }
            return new NodesSeen(nodes, life);
        },
        0);

    /// <summary>Adds a look to a batch, behind a commit: in a snapshot of its own. Nobody has acknowledged what was just committed, so it asks nothing about that.</summary>
    internal static void AskWho(PostgresBatch batch) => batch.Ask("SELECT name, instance, beat FROM nodes");

    /// <summary>Takes its answer.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="life">What the database said of itself in the same batch.</param>
    internal static async Task<NodesSeen> TakeWhoAsync(PostgresBatch batch, string life) =>
        new(await batch.TakeAsync(row => new NodeRow(row.GetString(0), row.GetGuid(1), row.GetInt64(2), Guid.Empty, 0)), life);

    /// <summary>Takes a silent node's row away, if its heartbeat is still the one that was seen, in the same life of the database.</summary>
    internal Task BuryAsync(NodeRow silent, string life) => _looks.AskAsync(
        static (connection, asked) => ChangeAsync(
            connection, $"DELETE FROM nodes WHERE instance = $1 AND beat = $2 AND {PostgresDatabase.Life} = $3",
            PostgresValue.Id(asked.silent.Instance), PostgresValue.Long(asked.silent.Beat), PostgresValue.Text(asked.life)),
        (silent, life));

    public async ValueTask DisposeAsync()
    {
        await _beats.DisposeAsync();
        await _looks.DisposeAsync();
    }

    private static async Task<int> ChangeAsync(NpgsqlConnection connection, string text, params NpgsqlParameter[] values)
    {
        await using var command = new NpgsqlCommand(text, connection);
        command.Parameters.AddRange(values);
        return await command.ExecuteNonQueryAsync();
    }
}

/// <summary>The nodes as they were seen, and the life of the database in which they were.</summary>
internal sealed record NodesSeen(IReadOnlyList<NodeRow> Nodes, string Life);

using Npgsql;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Feed;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The followers of all nodes, in a table. Who reports is this process as it is registered.</summary>
internal sealed class PostgresFollowers(PostgresDatabase database, Func<Guid> self) : FollowerExchange, IAsyncDisposable
{
    private const string Reporting = """
        INSERT INTO followers (caller, instance, name, grace, epoch, acknowledged, last_seen, beat)
        SELECT caller, instance, name, grace, epoch, acknowledged, last_seen, 0 FROM unnest($1, $2, $3, $4, $5, $6, $7) AS new (caller, instance, name, grace, epoch, acknowledged, last_seen)
        ON CONFLICT (caller, instance) DO UPDATE SET name = excluded.name, grace = excluded.grace, epoch = excluded.epoch, last_seen = greatest(followers.last_seen, excluded.last_seen), beat = followers.beat + 1,
            acknowledged = CASE WHEN followers.epoch = excluded.epoch THEN greatest(followers.acknowledged, excluded.acknowledged) ELSE excluded.acknowledged END
        """;

    private readonly SemaphoreSlim _one = new(1);
    private readonly PostgresLine _line = new(database);

    internal override bool IsShared => true;

    internal override Task ReportAsync(IReadOnlyList<FollowerReport> followers, LogCursor? upTo) => AskAsync(
        static async (connection, asked) =>
        {
            await using var batch = new PostgresBatch(connection);
            // In one order, so that two nodes don't wait for each other.
            FollowerReport[] rows = [.. asked.followers.OrderBy(row => row.Caller, StringComparer.Ordinal).ThenBy(row => row.Instance, StringComparer.Ordinal)];
            if (rows.Length > 0)
            {
                batch.Do(
                    Reporting,
                    PostgresValue.Texts([.. rows.Select(row => row.Caller)]), PostgresValue.Texts([.. rows.Select(row => row.Instance)]), PostgresValue.Texts([.. rows.Select(row => row.Name)]),
                    PostgresValue.Longs([.. rows.Select(row => (long?)row.Grace?.TotalSeconds)]), PostgresValue.Ids([.. rows.Select(row => row.Acknowledged.Epoch)]),
                    PostgresValue.Longs([.. rows.Select(row => (long?)row.Acknowledged.Seq)]), PostgresValue.Longs([.. rows.Select(row => (long?)row.LastSeen)]));
            }
            if (asked.upTo is { } cursor)
            {
                batch.Do("DELETE FROM follower_reports WHERE node NOT IN (SELECT instance FROM nodes)");
                batch.Do(
                    "INSERT INTO follower_reports (node, epoch, seq) VALUES ($1, $2, $3) ON CONFLICT (node) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq",
                    PostgresValue.Id(asked.self), PostgresValue.Id(cursor.Epoch), PostgresValue.Long(cursor.Seq));
            }
            await batch.SendAsync();
            await batch.EndAsync();
            return true;
        },
        (followers, upTo, self: self()));

    internal override Task<FollowersSeen> LookAsync() => AskAsync(
        static async (connection, _) =>
        {
            await using var batch = new PostgresBatch(connection);
            // Whose followers are there is looked up before the followers: what it says holds for what is read then.
            batch.Ask("SELECT node, epoch, seq FROM follower_reports");
            batch.Ask("SELECT caller, instance, name, grace, epoch, acknowledged, last_seen, beat FROM followers");
            await batch.SendAsync();
            var reports = await batch.TakeAsync(row => (Node: row.GetGuid(0), Cursor: new LogCursor(row.GetGuid(1), row.GetInt64(2), Guid.Empty)));
            var followers = await batch.TakeAsync(row => new SeenFollower(
                new FollowerReport(row.GetString(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : TimeSpan.FromSeconds(row.GetInt64(3)), new LogCursor(row.GetGuid(4), row.GetInt64(5), Guid.Empty), row.GetInt64(6)),
                row.GetInt64(7)));
            await batch.EndAsync();
            return new FollowersSeen(followers, reports.ToDictionary(report => report.Node, report => report.Cursor));
        },
        0);

    internal override Task RemoveAsync(IReadOnlyList<SeenFollower> silent) => AskAsync(
        static async (connection, silent) =>
        {
            await using var command = new NpgsqlCommand("DELETE FROM followers USING unnest($1, $2, $3) AS gone (caller, instance, beat) WHERE followers.caller = gone.caller AND followers.instance = gone.instance AND followers.beat = gone.beat", connection);
            command.Parameters.Add(PostgresValue.Texts([.. silent.Select(seen => seen.Follower.Caller)]));
            command.Parameters.Add(PostgresValue.Texts([.. silent.Select(seen => seen.Follower.Instance)]));
            command.Parameters.Add(PostgresValue.Longs([.. silent.Select(seen => (long?)seen.Beat)]));
            return await command.ExecuteNonQueryAsync();
        },
        silent);

    public ValueTask DisposeAsync() => _line.DisposeAsync();

    private async Task<T> AskAsync<T, TArgument>(Func<NpgsqlConnection, TArgument, Task<T>> ask, TArgument argument)
    {
        if (!await _one.WaitAsync(database.Timeout)) throw new StoreException("The followers can't be reported: the database is too slow.");
        try
        {
            return await _line.AskAsync(ask, argument);
        }
        finally
        {
            _one.Release();
        }
    }
}

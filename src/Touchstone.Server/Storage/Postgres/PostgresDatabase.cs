using System.Data;
using System.Globalization;
using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The way to the database: connections that are bounded in time, of a server that may be written to, with commits that survive a crash.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    /// <summary>Tells others that the log has new rows.</summary>
    internal const string Channel = "touchstone_log";

    /// <summary>What the database says of itself: which one it is, on which timeline (another one after a failover or a restore), and since when it runs.</summary>
    /// <remarks>It is put together when a connection opens, and stays the same for as long as the connection lives: none of it changes without a restart, which ends the connection. Each look saves 100 µs of its 165.</remarks>
    internal const string Life = "current_setting('touchstone.life')";

    /// <summary>Begins the name of the channel, one for each process, over which it hears that others have acknowledged its rows: it would wake the others for nothing.</summary>
    internal const string Acknowledged = "touchstone_acknowledged_";

    private const int OldestServer = 15;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly NpgsqlDataSource _source;

    private PostgresDatabase(NpgsqlDataSource source, TimeSpan timeout)
    {
        _source = source;
        Timeout = timeout;
    }

    /// <summary>How long anything may take.</summary>
    internal TimeSpan Timeout { get; }

    /// <summary>Tells notifications of this process from those of others. It says nothing else, and is random each time.</summary>
    internal string Sender { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Whether it could be another's: anybody who may connect may notify, and it becomes part of a name.</summary>
    internal static bool IsSender(string name) => name.Length == 32 && !name.AsSpan().ContainsAnyExcept("0123456789abcdef");

    internal static PostgresDatabase Open(PostgresOptions options)
    {
        var address = PostgresAddress.Parse(options.Connection!);
        // Ours are the pool, the time limits and the preparing. A command has no limit of Npgsql's: at its end it would ask the server to cancel and block a thread until the server
        // hears it, which a frozen one does not. The server itself ends what takes too long, whoever waits goes away in time, and the kernel ends connections to a server that is gone.
        address.Pooling = false;
        address.CommandTimeout = 0;
        address.Timeout = Math.Max(1, (int)Math.Ceiling(options.CommandTimeout.TotalSeconds));
        address.MaxAutoPrepare = 64;
        address.AutoPrepareMinUsages = 2;
        address.TcpKeepAlive = true;
        address.TcpKeepAliveTime = 10;
        address.TcpKeepAliveInterval = 5;
        address.IncludeErrorDetail = false; // It would hold rows.
        address.Enlist = false;
        address.ApplicationName ??= "touchstone";
        var limit = (long)options.CommandTimeout.TotalMilliseconds;
        // A commit that was acknowledged is on the disk, whatever the server's default. A node that froze within a transaction must not hold the head of the log for all others.
        // Every statement here is short: compiling one takes a hundred times as long as it runs, and planning one for its values twice as long.
        address.Options = string.Create(CultureInfo.InvariantCulture, $"{address.Options} -c synchronous_commit=on -c default_transaction_isolation=read\\ committed -c jit=off -c plan_cache_mode=force_generic_plan -c statement_timeout={limit} -c idle_in_transaction_session_timeout={limit * 2}").Trim();
        var builder = new NpgsqlSlimDataSourceBuilder(address.ConnectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        // Of several hosts, the one that accepts writes: a token that was revoked there may still look good on a standby.
        var source = address.Host?.Contains(',', StringComparison.Ordinal) is true ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary) : builder.Build();
        return new PostgresDatabase(source, options.CommandTimeout);
    }

    /// <summary>Opens a connection to the primary, or fails in time.</summary>
    /// <param name="limit">A shorter time than <see cref="Timeout"/>.</param>
    internal async Task<NpgsqlConnection> ConnectAsync(TimeSpan? limit = null)
    {
        var connection = _source.CreateConnection();
        var opening = OpenAsync(connection);
        try
        {
            await opening.WithinAsync(limit ?? Timeout);
            return connection;
        }
        catch
        {
            Abandon(connection, opening);
            throw;
        }
    }

    /// <summary>Lets go of a connection as soon as what goes on there has ended, and waits for neither.</summary>
    internal static void Abandon(NpgsqlConnection connection, Task? last = null) => _ = Task.Run(async () =>
    {
        try
        {
            if (last is not null) await last;
        }
        catch (Exception)
        {
            // It was told of, or nobody waits for it any more.
        }
        while (!await TryCloseAsync(connection)) await Task.Delay(Pause, TimeProvider.System);
    });

    /// <summary>A number that stands for this installation, of those that share a database in different schemas.</summary>
    internal const string Installation = "hashtext(current_schema())";

    /// <summary>Which database it is and on which timeline, of what <see cref="Life"/> said: a restart leaves that as it is.</summary>
    internal static ReadOnlySpan<char> IdentityOf(string life) => life.AsSpan(0, life.LastIndexOf('/'));

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    // Closing fails while a command is under way. A session that is left open would keep its locks for as long as this process lives.
    private static async Task<bool> TryCloseAsync(NpgsqlConnection connection)
    {
        try
        {
            await connection.DisposeAsync();
            return true;
        }
        catch (Exception)
        {
            return connection.FullState is ConnectionState.Closed or ConnectionState.Broken;
        }
    }

    private async Task OpenAsync(NpgsqlConnection connection)
    {
        using var patience = new CancellationTokenSource(Timeout, TimeProvider.System);
        await connection.OpenAsync(patience.Token);
        if (connection.PostgreSqlVersion.Major < OldestServer) throw new StoreException($"The database server is PostgreSQL {connection.PostgreSqlVersion}, and touchstone needs {OldestServer} or newer.");
        await using var command = new NpgsqlCommand("SELECT pg_is_in_recovery(), current_setting('server_encoding'), current_schema()::text, set_config('touchstone.life', CASE WHEN pg_is_in_recovery() THEN '' ELSE system_identifier::text || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' || extract(epoch FROM pg_postmaster_start_time())::text END, false) FROM pg_control_system()", connection);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        if (row.GetBoolean(0)) throw new StoreException("The connection leads to a standby of PostgreSQL. Name the primary; of several hosts it is found by itself.");
        if (row.GetString(1) != "UTF8") throw new StoreException($"The database has the encoding {row.GetString(1)}, and touchstone needs UTF8.");
        if (await row.IsDBNullAsync(2)) throw new StoreException("No schema of the search_path exists. Make it, or name another with Search Path.");
    }
}

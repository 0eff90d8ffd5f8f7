using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The database file of a data folder that this process holds.</summary>
internal sealed class SqliteFile(DataFolder folder)
{
    // What the write-ahead log may keep of the disk, in bytes, when it begins anew.
    private const int MaxIdleLog = 16 << 20;

    // Each connection is used by one thread at a time, so SQLite need not lock a mutex in each of the 50 calls of a look-up.
    static SqliteFile()
    {
        SQLitePCL.Batteries_V2.Init();
        SQLitePCL.raw.sqlite3_config(SQLitePCL.raw.SQLITE_CONFIG_MULTITHREAD);
    }

    internal string Path { get; } = System.IO.Path.Combine(folder.Path, "touchstone.db");

    /// <summary>Keeps a start from making a new file where one was: all that was revoked would be forgotten. Looked at before the file is made.</summary>
    internal void RefuseLoss()
    {
        if (!File.Exists(Path) || new FileInfo(Path).Length == 0) RefuseNew();
    }

    /// <summary>Refuses to begin anew beside credentials: a first start makes the database with its schema, and only then <c>admin.json</c>.</summary>
    internal void RefuseNew()
    {
        var credentials = System.IO.Path.Combine(folder.Path, "admin.json");
        if (File.Exists(credentials))
            throw new StoreException($"The database {Path} is missing or empty, and {credentials} says that there was one: its revocations would be forgotten. Put it back from a backup (docs/operations/recovery.md), or, to begin anew, move admin.json, audit/ and audit.* away.");
    }

    /// <summary>Opens a connection: every commit reaches the disk before it is acknowledged.</summary>
    /// <param name="cacheKilobytes">The pages that it may keep.</param>
    /// <param name="isFirst">
    /// Makes the file where there is none, and chooses the write-ahead log, so that readers and the writer don't wait for each other. Only the first may: a reader that finds the file
    /// gone has to fail, and at once instead of waiting for a lock that this choice takes.
    /// </param>
    internal SqliteConnection Connect(int cacheKilobytes, bool isFirst = false)
    {
        var mode = isFirst ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite;
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Mode = mode, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            // The log is copied into the file every 1,000 pages and begins anew as soon as no reader needs it. Had a long read kept it growing, it is cut down then.
            if (isFirst) Sql.Execute(connection, $"PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = {MaxIdleLog}");
            Sql.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA synchronous = FULL; PRAGMA cache_size = -{cacheKilobytes}; PRAGMA temp_store = MEMORY;"));
            return connection;
        }
        catch
        {
            connection.Dispose(); // A failing store is asked again and again: no handle may stay open.
            throw;
        }
    }

    /// <summary>Says that a folder has no database, and how to name another.</summary>
    internal static Startup.StartupException None(string folder) =>
        new($"There is no touchstone database in {folder}. Name its data folder with --data; a node on PostgreSQL needs --postgres too, or the variable Touchstone__Postgres__Connection.");

    /// <summary>Opens the database of a folder for a look at it, beside a running server or without one.</summary>
    /// <exception cref="Startup.StartupException">There is none, or it can't be read.</exception>
    internal static SqliteConnection OpenToRead(string folder)
    {
        var path = System.IO.Path.Combine(folder, "touchstone.db");
        if (!File.Exists(path)) throw None(folder);
        // Without a write-ahead log nobody uses it: then it is read as it lies there, and not even SQLite's own files are made beside it.
        var source = File.Exists(path + "-wal") ? path : $"file:{Uri.EscapeDataString(System.IO.Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1";
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = source, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            _ = Sql.Scalar(connection, "SELECT count(*) FROM sqlite_schema");
            return connection;
        }
        catch (Exception error)
        {
            connection.Dispose();
            if (error is SqliteException) throw new Startup.StartupException($"The database in {folder} can't be read: {error.Message}");
            throw;
        }
    }
}

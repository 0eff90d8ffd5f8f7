using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The database file of a data folder, held by one process at a time.</summary>
internal sealed class SqliteFile : IDisposable
{
    private static readonly string[] NetworkFilesystems = ["nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "glusterfs", "lustre"];

    // How the three families of systems say that somebody else holds a lock.
    private const int WouldBlock = 11, WouldBlockOnMac = 35, SharingViolation = unchecked((int)0x80070020);

    // What the write-ahead log may keep of the disk, in bytes, when it begins anew.
    private const int MaxIdleLog = 16 << 20;

    private readonly FileStream _lock;

    // Each connection is used by one thread at a time, so SQLite need not lock a mutex in each of the 50 calls of a look-up.
    static SqliteFile()
    {
        SQLitePCL.Batteries_V2.Init();
        SQLitePCL.raw.sqlite3_config(SQLitePCL.raw.SQLITE_CONFIG_MULTITHREAD);
    }

    private SqliteFile(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    internal string Path { get; }

    /// <summary>Takes the data folder for this process, or says who has it.</summary>
    internal static SqliteFile Open(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
            else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            RefuseNetworkFilesystem(folder);
            return new SqliteFile(System.IO.Path.Combine(folder, "touchstone.db"), TakeLock(folder));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The data folder {folder} can't be used: {error.Message}", error);
        }
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

    public void Dispose() => _lock.Dispose();

    private static FileStream TakeLock(string folder)
    {
        var path = System.IO.Path.Combine(folder, "touchstone.lock");
        FileStream held;
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error.HResult is WouldBlock or WouldBlockOnMac or SharingViolation)
        {
            throw new StoreException($"Another touchstone process uses the data folder {folder}. Stop it first, or give this one a folder of its own with --data.", error);
        }
        held.SetLength(0);
        held.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        held.Flush();
        return held;
    }

    // Locks and the shared memory of the write-ahead log don't hold across machines (sqlite.org/wal.html).
    private static void RefuseNetworkFilesystem(string folder)
    {
        var full = System.IO.Path.GetFullPath(folder);
        var drive = DriveInfo.GetDrives().Where(d => full.StartsWith(d.RootDirectory.FullName, StringComparison.Ordinal)).MaxBy(d => d.RootDirectory.FullName.Length);
        if (drive is { IsReady: true } && NetworkFilesystems.Contains(drive.DriveFormat, StringComparer.OrdinalIgnoreCase))
            throw new StoreException($"The data folder {folder} is on a network filesystem ({drive.DriveFormat}), where SQLite's locks don't hold. Use a local disk.");
    }
}

namespace Touchstone.Server.Storage;

/// <summary>The data folder, held by one process at a time: keys, credentials, recorded introspections, and the database where that is a file.</summary>
internal sealed class DataFolder : IDisposable
{
    private static readonly string[] NetworkFilesystems = ["nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "glusterfs", "lustre"];

    // How the three families of systems say that somebody else holds a lock.
    private const int WouldBlock = 11, WouldBlockOnMac = 35, SharingViolation = unchecked((int)0x80070020);

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    internal string Path { get; }

    /// <summary>Takes the data folder for this process, or says who has it.</summary>
    internal static DataFolder Open(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
            else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (NetworkFilesystem(folder) is { } network) throw new StoreException($"The data folder {folder} is on a network filesystem ({network}), where locks don't hold. Use a local disk.");
            return new DataFolder(folder, TakeLock(folder));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The data folder {folder} can't be used: {error.Message}", error);
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

    /// <summary>The network filesystem that a folder is on, or null: locks and the shared memory of the write-ahead log don't hold across machines (sqlite.org/wal.html).</summary>
    internal static string? NetworkFilesystem(string folder)
    {
        var full = System.IO.Path.GetFullPath(folder);
        var drive = DriveInfo.GetDrives().Where(d => full.StartsWith(d.RootDirectory.FullName, StringComparison.Ordinal)).MaxBy(d => d.RootDirectory.FullName.Length);
        return drive is { IsReady: true } && NetworkFilesystems.Contains(drive.DriveFormat, StringComparer.OrdinalIgnoreCase) ? drive.DriveFormat : null;
    }
}

using System.Runtime.InteropServices;

namespace Touchstone.Server.Startup;

/// <summary>fsync of a folder, so that a power cut can't undo a rename in it. The framework opens no folders, so this asks libc; Windows journals renames itself.</summary>
internal static partial class FolderSync
{
    internal static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(folder, 0);
        if (descriptor < 0) throw new IOException($"The folder {folder} can't be opened (errno {Marshal.GetLastPInvokeError()}).");
        var result = Sync(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (result != 0) throw new IOException($"The folder {folder} can't be written to disk (errno {error}).");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

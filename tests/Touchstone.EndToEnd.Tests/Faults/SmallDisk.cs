using System.Globalization;

namespace Touchstone.EndToEnd.Tests.Faults;

/// <summary>A small filesystem in memory that can be filled up, emptied and made read-only. It takes the right to mount.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly TempFolder _folder;

    private SmallDisk(TempFolder folder) => _folder = folder;

    internal string Data => _folder.File("data");

    private string Filler => _folder.File("filler");

    /// <summary>Mounts one, or skips the test with the reason.</summary>
    internal static async Task<SmallDisk> MountOrSkipAsync(int mebibytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a small disk is made with Linux's tmpfs");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small disk needs root");
        var folder = new TempFolder();
        var result = await new Command("mount").RunAsync("-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={mebibytes}m,mode=0700"), "touchstone-test", folder.Path);
        if (result.ExitCode != 0) folder.Dispose();
        Assert.SkipUnless(result.ExitCode == 0, $"a small disk could not be mounted: {result.Error}");
        return new SmallDisk(folder);
    }

    /// <summary>Writes until not a byte is left.</summary>
    internal void Fill()
    {
        // Unbuffered: what does not fit has to fail here, and not when the file is closed.
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = 64 << 10; size > 0; size /= 2)
        {
            try
            {
                for (var piece = new byte[size]; ;) file.Write(piece);
            }
            catch (IOException)
            {
                // A smaller piece may still fit.
            }
        }
    }

    internal void Empty() => File.Delete(Filler);

    internal async Task MakeReadOnlyAsync()
    {
        var result = await new Command("mount").RunAsync("-o", "remount,ro", _folder.Path);
        result.ExitCode.ShouldBe(0, result.Error);
    }

    public async ValueTask DisposeAsync()
    {
        await new Command("umount").RunAsync(_folder.Path);
        _folder.Dispose();
    }
}

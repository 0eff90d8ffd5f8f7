using System.Globalization;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Doctor;

/// <summary>Checks of the disk under a data folder.</summary>
internal static class DiskChecks
{
    private const long LeastFree = 256L << 20, GoodFree = 2L << 30;
    private const int Syncs = 20;
    private static readonly TimeSpan SlowSync = TimeSpan.FromMilliseconds(20);

    internal static IReadOnlyList<DoctorCheck> Of(string data, TimeProvider time) => [Filesystem(data), Space(data), Sync(data, time)];

    private static DoctorCheck Filesystem(string data) => DataFolder.NetworkFilesystem(data) is { } network
        ? DoctorCheck.Fail("filesystem", $"The data folder is on a network filesystem ({network}), where SQLite's locks don't hold.", "Move it to a local disk.")
        : DoctorCheck.Ok("filesystem", "The data folder is on a local disk.");

    private static DoctorCheck Space(string data)
    {
        var free = new DriveInfo(Path.GetFullPath(data)).AvailableFreeSpace;
        var said = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1 << 30):0.0} GiB are free.");
        return free < LeastFree ? DoctorCheck.Fail("space", said, "Make room: a full disk answers every write with 503.")
            : free < GoodFree ? DoctorCheck.Warn("space", said, "Make room, and watch it.")
            : DoctorCheck.Ok("space", said);
    }

    // Written beside the database and gone again: another folder may be another disk.
    private static DoctorCheck Sync(string data, TimeProvider time)
    {
        var path = Path.Combine(data, $"doctor-{Guid.NewGuid():N}.tmp");
        try
        {
            var took = new TimeSpan[Syncs];
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 4096, FileOptions.DeleteOnClose);
            for (var i = 0; i < Syncs; i++)
            {
                var started = time.GetTimestamp();
                file.Write(new byte[4096]);
                file.Flush(flushToDisk: true);
                took[i] = time.GetElapsedTime(started);
            }
            var median = took.Order().ElementAt(Syncs / 2);
            var said = string.Create(CultureInfo.InvariantCulture, $"4 KiB are on the disk after {median.TotalMilliseconds:0.0} ms (median of {Syncs}).");
            return median > SlowSync ? DoctorCheck.Warn("sync", said, "Every issue and revocation waits as long: use a faster disk, or one with a write cache that outlives a power cut.") : DoctorCheck.Ok("sync", said);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return DoctorCheck.Skipped("sync", $"Not measured: {error.Message}", "Run it as the server's user.");
        }
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Touchstone.Server.Doctor;

/// <summary>Checks of the machine.</summary>
internal static partial class HostChecks
{
    private const int LeastFiles = 4096;
    private const int NotSynchronised = 5;
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    /// <summary>The clock against the newest time in the database and against the clock of the database's machine, and whether the system keeps it by a time server.</summary>
    internal static DoctorCheck Clock(long? newest, long? database, DateTimeOffset now)
    {
        if (database is { } clock && (DateTimeOffset.FromUnixTimeSeconds(clock) - now).Duration() is var apart && apart > Tolerance)
            return DoctorCheck.Warn("clock", string.Create(CultureInfo.InvariantCulture, $"The database's clock and this one are {apart.TotalSeconds:0} s apart."), "See which of them is kept by a time server. Leases don't compare clocks, but expiry is judged by the node's.");
        if (newest is { } seconds && DateTimeOffset.FromUnixTimeSeconds(seconds) - now is var ahead && ahead > Tolerance)
            return DoctorCheck.Fail("clock", string.Create(CultureInfo.InvariantCulture, $"The database holds a time that is {ahead.TotalSeconds:0} s ahead of this clock: the clock went back."), "Set the clock right: tokens would live longer than they should.");
        return IsSynchronised() switch
        {
            true => DoctorCheck.Ok("clock", "The clock is kept by a time server, and the database holds no later time."),
            false => DoctorCheck.Warn("clock", "The kernel says that no time server keeps the clock.", "Run chrony or systemd-timesyncd: expiry is judged by this clock."),
            null => DoctorCheck.Skipped("clock", "The database holds no later time than this clock; whether a time server keeps it can't be told on this system."),
        };
    }

    /// <summary>How many files and connections the server may have open: of the process that holds the folder, else of this one.</summary>
    internal static DoctorCheck OpenFiles(string data)
    {
        if (Limit(Holder(data)) is not { } limit) return DoctorCheck.Skipped("files", "Not applicable on this system.");
        var said = $"{(limit == long.MaxValue ? "Any number of" : limit.ToString(CultureInfo.InvariantCulture))} open files and connections are allowed.";
        return limit < LeastFiles ? DoctorCheck.Warn("files", said, "Raise it (LimitNOFILE, ulimit -n): each connection is one.") : DoctorCheck.Ok("files", said);
    }

    // adjtimex with no mode only looks; struct timex has 208 bytes.
    private static bool? IsSynchronised()
    {
        if (!OperatingSystem.IsLinux()) return null;
        var state = AdjustTime(new byte[512]);
        return state < 0 ? null : state != NotSynchronised;
    }

    private static string Holder(string data)
    {
        if (!OperatingSystem.IsLinux()) return "self";
        // Opened by the system's own call, since the framework respects the lock that the server holds.
        using var file = new SafeFileHandle(Open(Path.Combine(data, "touchstone.lock"), 0), ownsHandle: true);
        if (file.IsInvalid) return "self";
        Span<byte> text = stackalloc byte[32];
        var id = Encoding.ASCII.GetString(text[..RandomAccess.Read(file, text, 0)]).Trim();
        return int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out _) && File.Exists($"/proc/{id}/limits") ? id : "self";
    }

    private static long? Limit(string process)
    {
        const string Name = "Max open files";
        try
        {
            var line = File.ReadLines($"/proc/{process}/limits").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
            var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
            return soft == "unlimited" ? long.MaxValue : long.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "adjtimex")]
    private static partial int AdjustTime([In, Out] byte[] state);
}

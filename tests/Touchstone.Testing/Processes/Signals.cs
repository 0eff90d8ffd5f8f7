using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Touchstone.Testing.Processes;

/// <summary>Signals to one process that a test started.</summary>
public static class Signals
{
    internal const int Interrupt = 2;
    internal const int Kill = 9;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    // Their numbers differ between systems.
    internal static int Continue => OperatingSystem.IsMacOS() ? 19 : 18;

    internal static int Stop => OperatingSystem.IsMacOS() ? 17 : 19;

    /// <summary>Sends one.</summary>
    public static void Send(Process process, int signal)
    {
        if (process.HasExited) return;
        if (SendTo(process.Id, signal) != 0 && !process.HasExited)
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {process.Id} (errno {Marshal.GetLastPInvokeError()}).");
    }

    /// <summary>Whether this process ignores a signal; read from /proc, so elsewhere it is not known.</summary>
    internal static bool IsIgnored(int signal)
    {
        const string Name = "SigIgn:";
        if (!OperatingSystem.IsLinux()) return false;
        var ignored = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Name, StringComparison.Ordinal))[Name.Length..];
        return (ulong.Parse(ignored.Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendTo(int process, int signal);
}

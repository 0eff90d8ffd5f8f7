using System.Collections.Concurrent;
using System.Diagnostics;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>Programs that a sample starts, in a copy of its folder.</summary>
internal static class SampleProgram
{
    /// <summary>Copies the files of a sample, so that nothing is written into the sources.</summary>
    internal static void Copy(string sample, TempFolder to)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Sources.Root, "samples", sample))) File.Copy(file, to.File(Path.GetFileName(file)));
    }

    /// <summary>Starts one.</summary>
    /// <param name="folder">Where it stands.</param>
    /// <param name="program">The program.</param>
    /// <param name="printed">Gets what it prints, line by line; null: nobody reads it.</param>
    /// <param name="arguments">Its arguments.</param>
    internal static Process Start(string folder, string program, ConcurrentQueue<string>? printed, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        // Caddy keeps what it was told beside the files of its user otherwise.
        foreach (var name in new[] { "XDG_CONFIG_HOME", "XDG_DATA_HOME" }) start.Environment[name] = folder;
        var process = Process.Start(start)!;
        foreach (var reader in new[] { process.StandardOutput, process.StandardError }) _ = DrainAsync(reader, printed);
        return process;
    }

    private static async Task DrainAsync(StreamReader reader, ConcurrentQueue<string>? printed)
    {
        while (await reader.ReadLineAsync() is { } line) printed?.Enqueue(line);
    }

    internal static async Task EndAsync(this Process process)
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        using var patience = new CancellationTokenSource(Until.Deadline);
        await process.WaitForExitAsync(patience.Token);
    }
}

using System.Diagnostics;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>A sidecar as a process of its own, with a file of its own. Its server need not be there.</summary>
internal sealed class SidecarProcess : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly Process _process;

    private SidecarProcess(TempFolder folder, Process process) => (_folder, _process) = (folder, process);

    /// <summary>Of a file the line that names the server: one that is not there.</summary>
    internal static string Nowhere => $"issuers: {{ introspection_endpoint: \"http://127.0.0.1:{Ports.Take()}/introspect\", client_id: a, client_secret: s }}\n";

    /// <summary>Starts one, and waits until the condition holds.</summary>
    /// <param name="file">What its file says, for a folder.</param>
    /// <param name="isReady">Whether it listens, for the folder.</param>
    internal static async Task<SidecarProcess> StartAsync(Func<TempFolder, string> file, Func<TempFolder, ValueTask<bool>> isReady)
    {
        var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("sidecar.yaml"), file(folder));
        var start = new ProcessStartInfo(TouchstoneBinary.Path, ["sidecar", "--config", folder.File("sidecar.yaml")]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        var sidecar = new SidecarProcess(folder, process);
        try
        {
            await Until.TrueAsync(async () => !process.HasExited && await isReady(folder), "the sidecar listens");
            return sidecar;
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
    }

    internal string FileOf(string name) => _folder.File(name);

    /// <summary>SIGTERM; what comes of it is for <see cref="EndAsync"/> to say.</summary>
    internal void Terminate() => Signals.Send(_process, Signals.Terminate);

    /// <summary>Waits for its end, and gives its exit code.</summary>
    internal async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(Until.Deadline);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await EndAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}

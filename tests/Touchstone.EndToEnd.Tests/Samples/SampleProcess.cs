using System.Diagnostics;
using System.Reflection;

namespace Touchstone.EndToEnd.Tests.Samples;

/// <summary>The sample as a process of its own, built beside these tests.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SampleProcess(Process process) => _process = process;

    internal static string Program { get; } = typeof(SampleProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "Touchstone.Sample").Value!;

    /// <summary>Starts it, and waits until it answers.</summary>
    internal static async Task<SampleProcess> StartAsync(Uri address, string secret)
    {
        var start = new ProcessStartInfo(Program, ["--urls", address.GetLeftPart(UriPartial.Authority)]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        start.Environment["DEMO_API_SECRET"] = secret;
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var sample = new SampleProcess(Process.Start(start)!);
        _ = sample._process.StandardOutput.ReadToEndAsync();
        var error = sample._process.StandardError.ReadToEndAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        try
        {
            await Until.TrueAsync(
                async () =>
                {
                    if (sample._process.HasExited) throw new InvalidOperationException("The sample ended: " + await error);
                    return await AnswersAsync(http, address);
                },
                "the sample answers");
            return sample;
        }
        catch
        {
            await sample.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            using var patience = new CancellationTokenSource(Until.Deadline, TimeProvider.System);
            await _process.WaitForExitAsync(patience.Token);
        }
        _process.Dispose();
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri address)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(address, "/orders"));
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>A proxy of a <see cref="ProxySite"/> once more, with one file changed: it asks a sidecar of its own where that is the changed one, and else the one of the site. The service behind is the same.</summary>
internal sealed class ProxyBeside(TempFolder site) : IAsyncDisposable
{
    private const string Sidecar = "sidecar.yaml", PortOfProxy = "8081", PortOfSidecar = "9080", PortOfOperators = "9081";

    private readonly TempFolder _folder = new();
    private readonly List<Process> _processes = [];

    internal Uri Front { get; private set; } = null!;

    internal async Task StartAsync(SampleProxy proxy, string file, Func<string, string> change, ConcurrentQueue<string> printed)
    {
        var (front, sidecar, operators) = (Ports.Take(), Ports.Take(), Ports.Take());
        Front = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{front}"));
        foreach (var path in Directory.GetFiles(site.Path)) File.Copy(path, _folder.File(Path.GetFileName(path)));
        var text = await File.ReadAllTextAsync(_folder.File(file));
        var changed = change(text);
        changed.ShouldNotBe(text, "the sample has what is to be changed");
        await File.WriteAllTextAsync(_folder.File(file), changed);

        if (file == Sidecar)
        {
            await ReplaceAsync(PortOfSidecar, sidecar);
            await File.AppendAllTextAsync(_folder.File(Sidecar), string.Create(CultureInfo.InvariantCulture, $"listen: http://127.0.0.1:{sidecar}\nadmin: http://127.0.0.1:{operators}\n"));
            Start(TouchstoneBinary.Path, ["sidecar", "--config", _folder.File(Sidecar)]);
            await Until.TrueAsync(async () => await ListensAsync(sidecar), "the other sidecar listens");
        }
        await ReplaceAsync(PortOfProxy, front);
        Start(proxy.Program, proxy.Arguments(_folder.Path));
        await Until.TrueAsync(async () => await ListensAsync(front), "the other proxy listens");

        void Start(string program, string[] arguments) => _processes.Add(SampleProgram.Start(_folder.Path, program, printed, arguments));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.EndAsync();
            process.Dispose();
        }
        _folder.Dispose();
    }

    // In the files of the proxy alone: that of the sidecar says nothing of ports.
    private async Task ReplaceAsync(string port, int by)
    {
        foreach (var file in Directory.GetFiles(_folder.Path).Where(static file => Path.GetFileName(file) is "nginx.conf" or "Caddyfile" or "haproxy.cfg"))
            await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace(port, by.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    private async Task<bool> ListensAsync(int port)
    {
        if (_processes.Find(static process => process.HasExited) is { } ended) throw new InvalidOperationException($"It ended with {ended.ExitCode}.");
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(System.Net.IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

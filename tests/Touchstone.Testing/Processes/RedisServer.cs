using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Touchstone.Testing.InProcess;

namespace Touchstone.Testing.Processes;

/// <summary>A real Redis, or a sentinel, with a folder and a port of its own. Nothing is kept on the disk.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _config;
    private readonly bool _isSentinel;
    private Process? _process;

    private RedisServer(bool isSentinel, IEnumerable<string> settings, bool isTls = false)
    {
        _isSentinel = isSentinel;
        _config = _folder.File("redis.conf");
        Port = Ports.Take();
        string[] first = [(isTls ? "port 0\ntls-port " : "port ") + Port.ToString(CultureInfo.InvariantCulture), "bind 127.0.0.1", $"dir {_folder.Path}", "loglevel warning"];
        if (!isSentinel) first = [.. first, "save \"\"", "appendonly no", "repl-diskless-sync-delay 0"];
        File.WriteAllLines(_config, [.. first, .. settings]);
    }

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Its address, without a user.</summary>
    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{Port}"));

    /// <summary>Why there can be none; null when there can. In CI there has to be one.</summary>
    public static string? Missing => Environment.GetEnvironmentVariable("CI") is not null || IsInstalled("redis-server") ? null : "redis-server is not installed";

    /// <summary>Starts one.</summary>
    /// <param name="settings">Lines of its configuration.</param>
    public static Task<RedisServer> StartAsync(params string[] settings) => StartAsync(new RedisServer(isSentinel: false, settings));

    /// <summary>Starts one that speaks TLS and nothing else at its port, and asks for a certificate.</summary>
    /// <param name="settings">Lines of its configuration: its certificate, its key, the roots.</param>
    public static Task<RedisServer> StartTlsAsync(params string[] settings) => StartAsync(new RedisServer(isSentinel: false, settings, isTls: true));

    /// <summary>Starts a sentinel that watches a primary, and finds it dead after half a second.</summary>
    public static Task<RedisServer> StartSentinelAsync(string service, RedisServer primary, int quorum) => StartAsync(new RedisServer(isSentinel: true,
    [
        string.Create(CultureInfo.InvariantCulture, $"sentinel monitor {service} 127.0.0.1 {primary.Port} {quorum}"), $"sentinel down-after-milliseconds {service} 500",
        $"sentinel failover-timeout {service} 3000",
    ]));

    /// <summary>Starts it, and waits until it takes connections.</summary>
    public async Task BeginAsync()
    {
        // Another name of one program, which goes by its arguments.
        string[] line = _isSentinel ? [_config, "--sentinel"] : [_config];
        _process = Process.Start(new ProcessStartInfo("redis-server", line) { RedirectStandardOutput = true, WorkingDirectory = _folder.Path })!;
        _ = _process.StandardOutput.ReadToEndAsync();
        await Until.TrueAsync(async () => await AnswersAsync(), "Redis takes connections");
    }

    /// <summary>Ends it at once.</summary>
    public async Task KillAsync()
    {
        Signals.Send(_process!, Signals.Kill);
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>SIGSTOP: the kernel takes connections for it, and it answers nothing.</summary>
    public void Freeze() => Signals.Send(_process!, Signals.Stop);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Signals.Send(_process!, Signals.Continue);

    /// <summary>Runs a command with the program that comes with it; gives what it prints.</summary>
    public async Task<string> RunAsync(params string[] command) =>
        (await new Command("redis-cli") { Before = ["-p", Port.ToString(CultureInfo.InvariantCulture)] }.RunAsync(command)).Output.Trim();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
        _folder.Dispose();
    }

    private static async Task<RedisServer> StartAsync(RedisServer server)
    {
        try
        {
            await server.BeginAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private async Task<bool> AnswersAsync()
    {
        if (_process!.HasExited) throw new InvalidOperationException("Redis did not start.");
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

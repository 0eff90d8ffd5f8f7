using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.Audit;

/// <summary>A real rsyslog takes the records, is stopped and started meanwhile, and misses none.</summary>
public sealed class SyslogTests
{
    [Fact]
    public async Task Rsyslog_gets_every_record_though_it_is_stopped_and_started_meanwhile()
    {
        Assert.SkipUnless(File.Exists(Rsyslog.Program) || Environment.GetEnvironmentVariable("CI") is not null, $"{Rsyslog.Program} is not installed");
        using var rsyslog = new Rsyslog();
        rsyslog.Start();
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo with
        {
            Environment = new Dictionary<string, string?>
            {
                ["Touchstone__Audit__Introspection"] = "all",
                ["Touchstone__Audit__Syslog__Host"] = "127.0.0.1",
                ["Touchstone__Audit__Syslog__Port"] = rsyslog.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ["Touchstone__Audit__Syslog__Tls"] = "false",
            },
        });
        await IntrospectAsync(server, 100);
        await Until.TrueAsync(() => rsyslog.Records().Count > 100, "rsyslog has the first records");

        for (var round = 0; round < 3; round++)
        {
            await rsyslog.StopAsync();
            await IntrospectAsync(server, 100); // Nobody listens: they wait.
            rsyslog.Start();
            await IntrospectAsync(server, 100);
        }
        (await server.TerminateAsync()).ShouldBe(0);

        var export = await Cli.For(server).RunAsync("audit", "export", "--raw");
        var written = export.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
        written.Count.ShouldBeGreaterThan(700);
        await Until.TrueAsync(() => written.IsSubsetOf(rsyslog.Records()), "rsyslog has every record");
        rsyslog.Records().ShouldAllBe(record => written.Contains(record)); // Byte for byte: what the collector holds can be verified too.
    }

    private static async Task IntrospectAsync(ServerProcess server, int count)
    {
        for (var i = 0; i < count; i++) (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
    }

    private sealed class Rsyslog : IDisposable
    {
        internal const string Program = "/usr/sbin/rsyslogd";

        private readonly TempFolder _folder = new();
        private Process? _process;

        internal int Port { get; } = Ports.Take();

        private string Output => _folder.File("received.log");

        internal void Start()
        {
            File.WriteAllText(_folder.File("rsyslog.conf"), $$"""
                global(workDirectory="{{_folder.Path}}" maxMessageSize="64k")
                module(load="imtcp")
                input(type="imtcp" port="{{Port}}" address="127.0.0.1")
                template(name="text" type="string" string="%msg%\n")
                action(type="omfile" file="{{Output}}" template="text")
                """);
            _process = Process.Start(new ProcessStartInfo(Program, ["-n", "-f", _folder.File("rsyslog.conf"), "-i", _folder.File("rsyslog.pid")]))!;
        }

        internal async Task StopAsync()
        {
            using (var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
            await _process.WaitForExitAsync();
            _process.Dispose();
            _process = null;
        }

        /// <summary>The text of each message, once.</summary>
        internal HashSet<string> Records() => !File.Exists(Output) ? [] : [.. ReadAll().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimStart()).Where(IsWhole)];

        public void Dispose()
        {
            if (_process is not null)
            {
                _process.Kill();
                _process.WaitForExit();
                _process.Dispose();
            }
            _folder.Dispose();
        }

        private string ReadAll()
        {
            using var file = new FileStream(Output, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }

        // Its own messages don't come in here, but what it writes at this moment may be half a line.
        private static bool IsWhole(string line)
        {
            try
            {
                using var document = JsonDocument.Parse(line);
                return true;
            }
            catch (JsonException)
            {
                return false;
            }
        }
    }
}

using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar.Tests;

/// <summary>Where it can't listen, and who may open where it does.</summary>
public sealed class ListenTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CapturedLogs _logs = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_port_that_is_taken_and_an_address_of_another_machine_are_named()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((System.Net.IPEndPoint)taken.LocalEndPoint!).Port;
        (await FaultAsync($"listen: http://127.0.0.1:0\nadmin: http://127.0.0.1:{port}")).ShouldBe($"Nothing can listen at http://127.0.0.1:{port}: it is taken.");
        (await FaultAsync("listen: http://192.0.2.1:9080\nallow_insecure_http: true\nadmin: off")).ShouldBe("Nothing can listen at http://192.0.2.1:9080: this machine does not have the address.");
        _logs.Failures.ShouldBeEmpty("it is told once, by whoever started it");
    }

    [Fact]
    public async Task A_socket_without_its_folder_and_one_that_is_taken_are_named_as_the_file_names_them()
    {
        var address = "unix:" + _folder.File("s.sock");
        using var taken = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        taken.Bind(new UnixDomainSocketEndPoint(_folder.File("s.sock")));
        taken.Listen();
        (await FaultAsync($"listen: {address}\nadmin: off")).ShouldBe($"Nothing can listen at {address}: it is taken.");
        Directory.CreateDirectory(_folder.File("sub"));
        (await FaultAsync($"listen: unix:{_folder.File("sub/s.sock")}\nadmin: off", () => Directory.Delete(_folder.File("sub")))).ShouldBe($"Nothing can listen at unix:{_folder.File("sub/s.sock")}: there is no folder {_folder.File("sub")}.");
    }

    [Theory]
    [InlineData("", "660"), InlineData("socket_mode: 0600", "600"), InlineData("socket_mode: \"0o666\"", "666")]
    public async Task Who_may_open_a_socket_the_file_says(string more, string mode)
    {
        var path = _folder.File("s.sock");
        await using var sidecar = await StartAsync($"listen: unix:{path}\nadmin: off\n{more}");
        if (!OperatingSystem.IsWindows()) Convert.ToString((int)File.GetUnixFileMode(path), 8).ShouldBe(mode);
        sidecar.Addresses.ShouldBe(["unix:" + path]);
        _logs.Text.ShouldContain($"Proxies ask at unix:{path}; operators at nowhere. In force: 2 rules.");
        _logs.Of(8).ShouldHaveSingleItem().Text.ShouldContain("line 4: rules: rule 'orders', line 4, is never reached");
    }

    [Theory]
    [InlineData("", "600"), InlineData("admin_socket_mode: 0660", "660"), InlineData("socket_mode: 0666", "600")]
    public async Task Who_may_ask_may_not_change(string more, string mode)
    {
        var (path, admin) = (_folder.File("s.sock"), _folder.File("a.sock"));
        await using var sidecar = await StartAsync($"listen: unix:{path}\nadmin: unix:{admin}\n{more}");
        if (!OperatingSystem.IsWindows()) Convert.ToString((int)File.GetUnixFileMode(admin), 8).ShouldBe(mode);
    }

    private async Task<string> FaultAsync(string more, Action? before = null) => (await Should.ThrowAsync<ListenException>(() => StartAsync(more, before))).Message;

    private async Task<SidecarApp> StartAsync(string more, Action? before = null)
    {
        var file = _folder.File("sidecar.yaml");
        await File.WriteAllTextAsync(file, $"issuers: {{ introspection_endpoint: \"http://127.0.0.1:1/\", client_id: a, client_secret: b }}\nrules:\n- {{ name: all, paths: /** }}\n- {{ name: orders, paths: /orders }}\n{more}");
        var (config, faults) = SidecarConfigReader.ReadFile(file);
        config.ShouldNotBeNull(string.Join('\n', faults));
        before?.Invoke();
        return await SidecarApp.StartAsync(config, file, builder => builder.Logging.ClearProviders().AddProvider(_logs));
    }
}

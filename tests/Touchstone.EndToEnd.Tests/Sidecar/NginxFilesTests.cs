using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Touchstone.EndToEnd.Tests.Operations;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>What configures nginx in the documents and in ops, as it stands there, with real nginx.</summary>
public sealed class NginxFilesTests(KubernetesTools tools) : IClassFixture<KubernetesTools>
{
    private const string Nginx = "/usr/sbin/nginx";

    private const string Rules = """
        rules:
          - { name: open, paths: /open, allow: anybody }
          - { name: orders, paths: /orders, scopes: orders:read, headers: { X-User: sub, X-Scope: scope } }

        """;

    [Theory]
    [InlineData("docs/sidecar.md"), InlineData("docs/guides/aws-alb.md"), InlineData("docs/guides/linkerd.md"), InlineData("ops/docker/nginx.conf"), InlineData("ops/kubernetes/sidecar.yaml"), InlineData("ops/helm/touchstone")]
    public async Task L47_An_outage_of_sidecar_or_server_is_a_503_and_the_service_is_told_the_host_that_the_client_named(string file)
    {
        Assert.SkipUnless(File.Exists(Nginx), "nginx is not installed");
        var (front, sidecar, service) = (Ports.Take(), Ports.Take(), Ports.Take());
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("nginx.conf"), Here(Whole(await TextAsync(file)), folder, front, sidecar, service));
        await using var behind = await ServiceBehind.StartAsync(service);
        using var nginx = SampleProgram.Start(folder.Path, Nginx, printed: null, "-p", folder.Path, "-c", "nginx.conf", "-g", "daemon off;");
        try
        {
            await Until.TrueAsync(async () => !nginx.HasExited && await ListensAsync(front), "nginx listens");
            foreach (var path in new[] { "/open", "/orders", "/nowhere" }) await ShouldBeAwayAsync(path);

            // One whose server is away.
            await using var asked = await SidecarProcess.StartAsync(_ => string.Create(CultureInfo.InvariantCulture, $"{SidecarProcess.Nowhere}listen: http://127.0.0.1:{sidecar}\nadmin: off\n{Rules}"), async _ => await ListensAsync(sidecar));
            await ShouldBeAwayAsync("/orders");
            (await AskAsync("/nowhere")).Status.ShouldBe(403);
            behind.Requests.ShouldBeEmpty();
            (await AskAsync("/open")).Status.ShouldBe(200);
            var told = behind.Requests.ShouldHaveSingleItem();
            told.All("Host").ShouldBe(["orders.example.com"]);
            told.All("X-User").ShouldBe(["-"]);
        }
        finally
        {
            await nginx.EndAsync();
        }

        async Task ShouldBeAwayAsync(string path)
        {
            var answer = await AskAsync(path);
            (answer.Status, answer.Header("Retry-After")).ShouldBe((503, "1"), path);
        }

        Task<Answer> AskAsync(string path) => RawHttp.SendAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{front}")), $"GET {path} HTTP/1.1\nHost: orders.example.com\nAuthorization: Bearer never-seen\nX-User: root\nConnection: close\n\n");
    }

    private async Task<string> TextAsync(string file)
    {
        if (file == "ops/helm/touchstone")
        {
            tools.Need();
            var made = await tools.Helm.RunAsync("template", "shop", file, "--set=server.enabled=false", "--set=sidecar.enabled=true", "--set=sidecar.upstream=http://127.0.0.1:8080", """--set-json=sidecar.rules=[{"name":"orders","paths":"/orders","headers":{"X-User":"sub"}}]""");
            made.ExitCode.ShouldBe(0, made.Error);
            return OfConfigMap(made.Output);
        }
        var text = await File.ReadAllTextAsync(Path.Combine(Sources.Root, file));
        if (file.EndsWith(".conf", StringComparison.Ordinal)) return text;
        if (file.EndsWith(".yaml", StringComparison.Ordinal)) return OfConfigMap(text);
        return Block("nginx").Match(text) is { Success: true } found ? found.Groups[1].Value : OfConfigMap(Block("yaml").Match(text).Groups[1].Value);
    }

    private static string OfConfigMap(string yaml) => (
        from manifest in Manifest.Read(yaml)
        where manifest.Kind == "ConfigMap"
        from entry in manifest.Json["data"]!.AsObject()
        where entry.Key.EndsWith(".conf", StringComparison.Ordinal)
        select (string)entry.Value!).Single();

    private static Regex Block(string language) => new($"^```{language}\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline);

    // What goes into a `server`, or into `http`, or is all of it.
    private static string Whole(string text)
    {
        if (text.Contains("events {", StringComparison.Ordinal)) return text;
        var server = text.Contains("server {\n", StringComparison.Ordinal) ? text : $"server {{\nlisten 8081;\n{text}}}\n";
        var folders = string.Concat(new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(static of => $"{of}_temp_path /tmp/{of};\n"));
        return $"pid /tmp/nginx.pid;\nerror_log stderr warn;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}{server}}}\n";
    }

    // On loopback, on ports of its own, and nothing is written elsewhere. A service that is part of the file makes room.
    private static string Here(string text, TempFolder folder, int front, int sidecar, int service) => text
        .Replace("/tmp/", folder.Path + "/", StringComparison.Ordinal)
        .Replace("listen 127.0.0.1:8080", Invariant($"listen 127.0.0.1:{Ports.Take()}"), StringComparison.Ordinal)
        .Replace("listen 8081", Invariant($"listen 127.0.0.1:{front}"), StringComparison.Ordinal)
        .Replace("127.0.0.1:9080", Invariant($"127.0.0.1:{sidecar}"), StringComparison.Ordinal)
        .Replace("127.0.0.1:8080", Invariant($"127.0.0.1:{service}"), StringComparison.Ordinal);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static async Task<bool> ListensAsync(int port)
    {
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

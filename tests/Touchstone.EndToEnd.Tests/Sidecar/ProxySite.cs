using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>A proxy that a sample is for.</summary>
/// <param name="Sample">The folder under samples.</param>
/// <param name="Program">Where it is installed.</param>
/// <param name="Arguments">How it is started in that folder.</param>
internal sealed record SampleProxy(string Sample, string Program, Func<string, string[]> Arguments)
{
    internal static SampleProxy Nginx { get; } = new("nginx", "/usr/sbin/nginx", static folder => ["-p", folder, "-c", "nginx.conf"]);

    internal static SampleProxy Caddy { get; } = new("caddy", "/usr/bin/caddy", static _ => ["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);

    internal static SampleProxy Haproxy { get; } = new("haproxy", "/usr/sbin/haproxy", static folder => ["-C", folder, "-f", "haproxy.cfg"]);

    internal static SampleProxy Envoy { get; } = new("envoy", "", static _ => []) { Double = EnvoyDouble.StartAsync };

    internal static SampleProxy Traefik { get; } = new("traefik", "", static _ => []) { Double = TraefikDouble.StartAsync };

    /// <summary>What stands in for one that can't be installed, with the folder of the sample; null: the program is started.</summary>
    internal Func<string, Task<IAsyncDisposable>>? Double { get; private init; }
}

/// <summary>What a sample starts, each as a process of its own; the files are copied first, so that nothing is written into the sources.</summary>
internal sealed class ProxySite : IAsyncDisposable
{
    internal static readonly Uri Front = new("http://127.0.0.1:8081");

    private static readonly int[] PortsOfSamples = [5080, 8080, 8081, 9080, 9081];

    private readonly TempFolder _folder = new();
    private readonly List<Process> _processes = [];
    private readonly ConcurrentQueue<string> _printed = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });

    private Process? _sidecar;
    private IAsyncDisposable? _double;

    private ProxySite(ServerProcess server, ServiceBehind service) => (Server, Service) = (server, service);

    internal ServerProcess Server { get; }

    internal ServiceBehind Service { get; }

    /// <summary>The copy of the sample's sidecar.yaml.</summary>
    internal string SidecarFile => _folder.File("sidecar.yaml");

    /// <summary>What sidecar and proxy printed, line by line.</summary>
    internal IReadOnlyCollection<string> Printed => _printed;

    internal readonly record struct Got(HttpStatusCode Status, string Challenge, string Body);

    /// <summary>Skips where the proxy or a port is missing; in CI the proxy has to be there.</summary>
    internal static void Need(SampleProxy proxy)
    {
        var missing = Missing(proxy);
        Assert.SkipWhen(missing is not null, missing ?? "");
    }

    /// <summary>Why there can be none; null when there can.</summary>
    internal static string? Missing(SampleProxy proxy)
    {
        var isThere = proxy.Double is not null || File.Exists(proxy.Program);
        if (!isThere && Environment.GetEnvironmentVariable("CI") is not (null or "" or "false")) throw new InvalidOperationException($"{proxy.Sample} is not installed, and CI runs every test.");
        if (!isThere) return $"{proxy.Sample} is not installed";
        foreach (var port in PortsOfSamples)
        {
            if (!Ports.IsFree(port)) return $"port {port}, which the sample uses, is taken";
        }
        return null;
    }

    /// <summary>Starts all of it.</summary>
    /// <param name="proxy">The proxy.</param>
    /// <param name="more">What is changed in sidecar.yaml; null: nothing.</param>
    /// <param name="setup">How the server is started, but for its port; null: with the data of the demo.</param>
    internal static async Task<ProxySite> StartAsync(SampleProxy proxy, Func<string, string>? more = null, ServerSetup? setup = null)
    {
        var server = await ServerProcess.StartAsync((setup ?? ServerSetup.Demo) with { Port = 5080 });
        var site = new ProxySite(server, await ServiceBehind.StartAsync(8080));
        try
        {
            SampleProgram.Copy(proxy.Sample, site._folder);
            await Until.TrueAsync(() => File.Exists(Path.Combine(server.Data, "demo.json")), "the demo is there");
            await File.WriteAllTextAsync(site._folder.File("demo-api.secret"), server.DemoResourceServer.Secret + "\n");
            if (more is not null) await File.WriteAllTextAsync(site.SidecarFile, more(await File.ReadAllTextAsync(site.SidecarFile)));
            site.BeginSidecar();
            if (proxy.Double is null) site.Start(proxy.Program, proxy.Arguments(site._folder.Path));
            else site._double = await proxy.Double(site._folder.Path);
            await Until.TrueAsync(async () => await site.IsReadyAsync(), "the proxy serves, and the sidecar is ready");
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    internal async Task<Got> GetAsync(string path, string? token, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Front, path));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await _http.SendAsync(request);
        return new Got(answer.StatusCode, answer.Headers.WwwAuthenticate.SingleOrDefault()?.ToString() ?? "", await answer.Content.ReadAsStringAsync());
    }

    internal async Task RevokeAsync()
    {
        var answer = await Server.OAuth.PostAsync("/oauth/revoke", Server.DemoClient, ("token", Server.DemoToken));
        answer.Status.ShouldBe(200);
    }

    internal Task KillSidecarAsync() => _sidecar!.EndAsync();

    /// <summary>Ends the sidecar where it runs, and starts it again with nothing in its memory.</summary>
    internal async Task RestartSidecarAsync()
    {
        await KillSidecarAsync();
        BeginSidecar();
        await Until.TrueAsync(async () => await IsReadyAsync(), "the sidecar is ready again");
    }

    /// <summary>The same proxy once more, on a port of its own, with a sidecar of its own where that is changed.</summary>
    /// <param name="proxy">The proxy.</param>
    /// <param name="file">The file of the sample that is changed.</param>
    /// <param name="change">The change.</param>
    internal async Task<ProxyBeside> StartBesideAsync(SampleProxy proxy, string file, Func<string, string> change)
    {
        var beside = new ProxyBeside(_folder);
        try
        {
            await beside.StartAsync(proxy, file, change, _printed);
            return beside;
        }
        catch
        {
            await beside.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_double is not null) await _double.DisposeAsync();
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.EndAsync();
            process.Dispose();
        }
        await Service.DisposeAsync();
        await Server.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private void BeginSidecar() => _sidecar = Start(TouchstoneBinary.Path, "sidecar", "--config", SidecarFile);

    private Process Start(string program, params string[] arguments)
    {
        var process = SampleProgram.Start(_folder.Path, program, _printed, arguments);
        _processes.Add(process);
        return process;
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            return (await _http.GetAsync(new Uri("http://127.0.0.1:9081/health/ready"))).IsSuccessStatusCode && (await GetAsync("/healthz", null)).Status is HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>What samples/nginx starts, each as a process of its own; the files are copied first, so that nothing is written into the sources.</summary>
internal sealed class NginxSite : IAsyncDisposable
{
    private static readonly Uri Front = new("http://127.0.0.1:8081");

    private readonly TempFolder _folder = new();
    private readonly List<Process> _processes = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });

    private NginxSite(ServerProcess server, ServiceBehind service) => (Server, Service) = (server, service);

    internal ServerProcess Server { get; }

    internal ServiceBehind Service { get; }

    internal readonly record struct Got(HttpStatusCode Status, string Challenge, string Body);

    /// <summary>Skips where nginx or a port is missing; in CI nginx has to be there.</summary>
    internal static void Need(int[] ports)
    {
        var isThere = File.Exists("/usr/sbin/nginx");
        if (!isThere && Environment.GetEnvironmentVariable("CI") is not (null or "" or "false")) throw new InvalidOperationException("nginx is not installed, and CI runs every test.");
        Assert.SkipUnless(isThere, "nginx is not installed");
        foreach (var port in ports) Assert.SkipUnless(Ports.IsFree(port), $"port {port}, which the sample uses, is taken");
    }

    internal static async Task<NginxSite> StartAsync()
    {
        var server = await ServerProcess.StartAsync(ServerSetup.Demo with { Port = 5080 });
        var site = new NginxSite(server, await ServiceBehind.StartAsync(8080));
        try
        {
            foreach (var file in new[] { "nginx.conf", "sidecar.yaml" }) File.Copy(Path.Combine(Sources.Root, "samples", "nginx", file), site._folder.File(file));
            await Until.TrueAsync(() => File.Exists(Path.Combine(server.Data, "demo.json")), "the demo is there");
            await File.WriteAllTextAsync(site._folder.File("demo-api.secret"), server.DemoResourceServer.Secret + "\n");
            site.Start(TouchstoneBinary.Path, "sidecar", "--config", site._folder.File("sidecar.yaml"));
            site.Start("/usr/sbin/nginx", "-p", site._folder.Path, "-c", "nginx.conf");
            await Until.TrueAsync(async () => await site.IsReadyAsync(), "nginx serves, and the sidecar is ready");
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

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            using var patience = new CancellationTokenSource(Until.Deadline);
            await process.WaitForExitAsync(patience.Token);
            process.Dispose();
        }
        await Service.DisposeAsync();
        await Server.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private void Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        _processes.Add(process);
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

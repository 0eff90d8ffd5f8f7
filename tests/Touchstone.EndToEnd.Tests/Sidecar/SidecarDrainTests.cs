using System.Net;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>What SIGTERM does to a sidecar.</summary>
public sealed class SidecarDrainTests
{
    [Fact]
    public async Task It_says_that_it_is_not_ready_and_still_answers_and_then_it_ends()
    {
        var (port, admin) = (Ports.Take(), Ports.Take());
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await using var sidecar = await SidecarProcess.StartAsync(
            _ => SidecarProcess.Nowhere + $"listen: http://127.0.0.1:{port}\nadmin: http://127.0.0.1:{admin}\ndrain: 5s\nrules: {{ name: health, paths: /healthz, allow: anybody }}\n",
            async _ => await AskAsync(http, port) is HttpStatusCode.OK);
        (await ReadyAsync(http, admin)).ShouldBe(HttpStatusCode.OK);

        sidecar.Terminate();
        await Until.TrueAsync(async () => await ReadyAsync(http, admin) is HttpStatusCode.ServiceUnavailable, "it says that it stops");
        (await AskAsync(http, port)).ShouldBe(HttpStatusCode.OK, "whoever has not heard of it yet is answered");
        (await sidecar.EndAsync()).ShouldBe(0);
        Ports.IsFree(port).ShouldBeTrue();
    }

    private static async Task<HttpStatusCode> ReadyAsync(HttpClient http, int admin) => (await http.GetAsync(new Uri($"http://127.0.0.1:{admin}/health/ready"))).StatusCode;

    // Null where nobody listens.
    private static async Task<HttpStatusCode?> AskAsync(HttpClient http, int port)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}/auth/nginx")) { Headers = { { "X-Original-Method", "GET" }, { "X-Original-Host", "a.test" }, { "X-Original-URI", "/healthz" } } };
        try
        {
            return (await http.SendAsync(request)).StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}

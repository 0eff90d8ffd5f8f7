using System.Net.Sockets;
using System.Text;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Http;

/// <summary>A body that stops coming is given up, by our clock and not by the server's.</summary>
public sealed class SlowBodyTests
{
    [Theory]
    [InlineData("Content-Length: 100\r\n\r\ntoken=x"), InlineData("Content-Length: 100\r\n\r\n"), InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\ntoken\r\n")]
    public async Task A_form_has_ten_seconds(string rest)
    {
        await using var server = await TestServer.StartAsync();
        await ShouldBeGivenUpAsync(server, "POST /oauth/introspect HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n" + rest, 10, "\"error\":\"invalid_request\"");
    }

    [Fact]
    public async Task An_admin_request_has_a_minute()
    {
        await using var server = await TestServer.StartAsync();
        await ShouldBeGivenUpAsync(server, $"POST /admin/clients HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {await server.Admin.TokenAsync()}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[", 60, "The body did not come in time.");
    }

    [Fact]
    public async Task A_slow_body_that_comes_in_time_is_read_and_so_is_the_next_request()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        for (var request = 0; request < 3; request++)
        {
            await SendAsync(stream, "POST /oauth/introspect HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\n");
            await WaitsAsync(server);
            server.Time.AdvanceSeconds(9);
            await SendAsync(stream, "token=x");
            (await ReadHeadAsync(stream)).ShouldStartWith("HTTP/1.1 401");
            server.Time.AdvanceSeconds(20);
        }
    }

    private static async Task ShouldBeGivenUpAsync(TestServer server, string request, int seconds, string expected)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await SendAsync(stream, request);
        await WaitsAsync(server);
        server.Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
        stream.DataAvailable.ShouldBeFalse();
        server.Time.Advance(TimeSpan.FromTicks(1));
        var answer = await ReadHeadAsync(stream);
        answer.ShouldStartWith("HTTP/1.1 408");
        answer.ShouldContain("Connection: close");
        answer.ShouldContain(expected);
    }

    // A request that waits for its body has set a timer for once; all others of a server come again and again.
    private static Task WaitsAsync(TestServer server) => Until.TrueAsync(() => server.Time.OneShots == 1, "the request waits for its body");

    private static async Task SendAsync(NetworkStream stream, string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var buffer = new byte[8192];
        var count = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
        return Encoding.ASCII.GetString(buffer, 0, count);
    }
}

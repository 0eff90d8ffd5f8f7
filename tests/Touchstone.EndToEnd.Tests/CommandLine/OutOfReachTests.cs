using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary>Exit code 3: no answer says nothing about a token, so it is never 1.</summary>
public sealed class OutOfReachTests(SharedServer shared)
{
    [Fact]
    public async Task Nobody_listens()
    {
        var result = await At($"http://127.0.0.1:{Ports.Take()}").RunAsync("introspect", "a-token");

        result.ShouldEndWith(3);
        result.Output.ShouldBeEmpty();
        result.Error.ShouldContain("--server");
        (await At($"http://127.0.0.1:{Ports.Take()}").RunAsync("revoke", "a-token", "--json")).ErrorJson.GetProperty("error").GetString().ShouldBe("unreachable");
    }

    [Fact]
    public async Task A_name_that_does_not_exist()
    {
        var result = await At("https://no-such-host.invalid").RunAsync("client", "list");

        result.ShouldEndWith(3);
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n", "<html>")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", "<html>")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", "{}")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example\r\n", "")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n", "{\"error\":\"temporarily_unavailable\",\"error_description\":\"later\"}")]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\n", "")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "")]
    public async Task Somebody_else_listens_or_can_not_answer(string head, string body)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var serving = AnswerAllAsync(listener, $"{head}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}", stop.Token);

        var result = await At($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}").RunAsync("introspect", "a-token");

        result.ShouldEndWith(3);
        result.Output.ShouldBeEmpty();
        result.ErrorLines.Length.ShouldBe(1);
        await stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Silence_is_given_up_after_ten_seconds()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var result = await At($"http://{listener.LocalEndpoint}").RunAsync("introspect", "a-token");

        result.ShouldEndWith(3);
        result.Error.ShouldContain("10 s");
    }

    [Fact]
    public async Task Ctrl_C_ends_a_command_that_waits_with_130()
    {
        Assert.SkipUnless(ServerProcess.CanInterrupt, "SIGINT is ignored here, as in a shell's background");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var waiting = ServerProcess.Begin(new ServerSetup { Line = [TouchstoneBinary.Path, "introspect", "a-token", "--server", $"http://{listener.LocalEndpoint}", "--data", shared.Server.Data] });
        using var client = await listener.AcceptTcpClientAsync();
        (await client.GetStream().ReadAsync(new byte[1])).ShouldBe(1);

        (await waiting.InterruptAsync()).ShouldBe(130);

        waiting.Error.ShouldNotContain("Exception");
    }

    [Theory]
    [InlineData("http://192.0.2.1:5080", "--allow-insecure-http")]
    [InlineData("ftp://127.0.0.1", "https or http")]
    [InlineData("127.0.0.1:5080", "https or http")]
    [InlineData("https://user@127.0.0.1", "https or http")]
    public async Task An_address_that_would_not_be_safe_is_a_usage_error(string address, string says)
    {
        var result = await At(address).RunAsync("client", "list");

        result.ShouldEndWith(2);
        result.Error.ShouldContain(says);
    }

    private Command At(string server) => Cli.Bare with { Before = ["--server", server, "--data", shared.Server.Data] };

    private static async Task AnswerAllAsync(TcpListener listener, string answer, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(stop);
                var stream = client.GetStream();
                _ = await stream.ReadAsync(new byte[8192], stop);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}

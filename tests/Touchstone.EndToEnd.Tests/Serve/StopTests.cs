using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Touchstone.EndToEnd.Tests.Serve;

/// <summary>How a server ends.</summary>
public sealed class StopTests
{
    // Idle connections must not hold it; the time is for busy machines.
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SIGTERM_and_Ctrl_C_end_it_promptly_with_exit_code_0_though_connections_are_open(bool terminate)
    {
        Assert.SkipUnless(terminate || ServerProcess.CanInterrupt, "SIGINT is ignored here, as in a shell's background");
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();

        var started = TimeProvider.System.GetTimestamp();
        (terminate ? await server.TerminateAsync() : await server.InterruptAsync()).ShouldBe(0);

        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(Promptly);
        server.Error.ShouldNotContain("Exception");
    }

    [Fact]
    public async Task A_request_under_way_is_finished_first()
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);
        using var body = new SlowBody($"token={server.DemoToken}");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/oauth/introspect") { Content = body };
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(server.DemoResourceServer.Basic);

        var answering = server.OAuth.SendAsync(request);
        await body.Begun;
        var ending = server.TerminateAsync();
        await Until.TrueAsync(() => Ports.IsFree(server.Port), "it listens no more");
        body.Finish();

        (await answering).Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        (await ending).ShouldBe(0);
    }

    [Theory, InlineData("Content-Length: 100\r\n\r\ntoken=x"), InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\ntoken\r\n")]
    public async Task A_body_that_stopped_coming_is_answered_and_holds_up_nothing(string rest)
    {
        // Kestrel's own rate of bytes is not judged any more once it stops: without a deadline of ours this would last as long as the host waits.
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Arguments = ["--demo"], Environment = new Dictionary<string, string?> { ["Touchstone__Limits__BodyTimeout"] = "00:00:02" } });
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("POST /oauth/introspect HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\n" + rest), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("HTTP/1.1 100 Continue"); // It reads the body.
        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("");

        var started = TimeProvider.System.GetTimestamp();
        var ending = server.TerminateAsync();
        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("HTTP/1.1 408 Request Timeout");
        (await ending).ShouldBe(0);
        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(9)); // The host would wait for ten.
        server.Error.ShouldNotContain("Exception");
    }

    /// <summary>A form of which the last byte comes when it is told to.</summary>
    private sealed class SlowBody : HttpContent
    {
        private readonly byte[] _form;
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal SlowBody(string form)
        {
            _form = System.Text.Encoding.ASCII.GetBytes(form);
            Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        }

        internal Task Begun => _begun.Task;

        internal void Finish() => _finish.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(_form.AsMemory(0, _form.Length - 1));
            await stream.FlushAsync();
            _begun.SetResult();
            await _finish.Task;
            await stream.WriteAsync(_form.AsMemory(_form.Length - 1));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _form.Length;
            return true;
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Touchstone.Client.Redis;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

/// <summary>What a Redis does not do, and what listens at its port may.</summary>
public sealed class StrangeServerTests : IDisposable
{
    private const string Hello = "%2\r\n+mode\r\n+standalone\r\n+role\r\n+master\r\n";

    private readonly CapturedLogs _logs = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public StrangeServerTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("+OK\r\n")] // GET has no such reply: whose is it?
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("$2000000\r\n")]
    public async Task A_reply_that_can_not_be_understood_closes_the_connection(string reply)
    {
        _ = ServeAsync(Hello, reply);
        await using var cache = await Caches.ConnectAsync(Address, logs: _logs);
        (await Caches.FaultOfAsync(() => cache.GetAsync("a"))).ShouldBe(RedisFault.Malformed);
        await Until.TrueAsync(() => _logs.Of(21).Count > 0, "the connection is lost");
    }

    [Fact]
    public async Task A_reply_that_nobody_asked_for_closes_the_connection()
    {
        _ = ServeAsync(Hello + "$1\r\na\r\n");
        await using var cache = Caches.Of(Address, logs: _logs);
        await Until.TrueAsync(() => _logs.Of(21).Count > 0, "the connection is lost");
        _logs.Of(21)[0].Text.ShouldContain("Malformed");
    }

    [Fact]
    public async Task A_push_is_no_reply()
    {
        _ = ServeAsync(Hello, ">1\r\n+news\r\n$2\r\n\u0001a\r\n");
        await using var cache = await Caches.ConnectAsync(Address);
        (await cache.GetAsync("a")).ShouldBe("a"u8.ToArray());
    }

    [Fact]
    public async Task L49_A_server_that_repeats_the_password_is_not_quoted()
    {
        _ = ServeAsync("-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'sesame'\r\n");
        await using var cache = Caches.Of(Address, options => options.Password = () => "sesame", _logs);
        await Until.TrueAsync(() => _logs.Of(22).Count > 0, "it is told");
        var failure = await Should.ThrowAsync<RedisException>(() => cache.GetAsync("a"));
        (failure.ToString() + _logs.Text).ShouldNotContain("sesame");
    }

    [Fact]
    public async Task A_sentinel_is_not_taken_for_a_server()
    {
        _ = ServeAsync("%1\r\n+mode\r\n+sentinel\r\n");
        await using var cache = Caches.Of(Address, logs: _logs);
        await Until.TrueAsync(() => _logs.Of(22).Count > 0, "it is told");
        _logs.Of(22)[0].Text.ShouldContain("it is a sentinel");
    }

    [Fact]
    public async Task A_sentinel_can_not_lead_to_another_machine_without_TLS()
    {
        _ = ServeAsync("%1\r\n+mode\r\n+sentinel\r\n", "*2\r\n$9\r\n192.0.2.1\r\n$4\r\n6379\r\n");
        await using var cache = Caches.Of(null, options =>
        {
            options.Sentinels.Add(Address);
            options.ServiceName = "mine";
        });
        await Caches.FailsAsync(cache, RedisFault.Tls);
    }

    private Uri Address => new($"redis://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    // Answers one connection: whatever comes, the next of these.
    private async Task ServeAsync(params string[] replies)
    {
        using var client = await _listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        var buffer = new byte[4096];
        foreach (var reply in replies)
        {
            if (await stream.ReadAsync(buffer) == 0) return;
            await stream.WriteAsync(Encoding.ASCII.GetBytes(reply));
        }
        while (await stream.ReadAsync(buffer) > 0)
        {
            // Nothing more.
        }
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Feed;

namespace Touchstone.Server.Tests.Feed;

/// <summary>Many followers of one node. What was measured is printed.</summary>
[Collection(nameof(Alone))]
public sealed class FeedLoadTests(ITestOutputHelper output)
{
    private const int Many = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_thousand_followers_wait_without_a_thread_each_and_one_revocation_wakes_them_all()
    {
        // What the server logs about each connection would be counted with it.
        await using var server = await TestServer.StartAsync(options => options.Unlimit(), builder => builder.Logging.ClearProviders());
        var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        await server.Admin.AddClientAsync(new { client_id = "shop", kind = "client" });
        var token = await server.Admin.IssueAsync(new { client_id = "shop", aud = Acme.OrdersApi });
        var head = (await new Poller(server.Http, caller).StartedAsync()).Head!;
        await WaitingAsync(server, head, caller, 50, async _ => await server.Admin.RevokeAsync(await server.Admin.IssueAsync(new { client_id = "shop", aud = Acme.OrdersApi }))); // Code and pools are warm.
        head = (await new Poller(server.Http, caller).StartedAsync()).Head!;

        var before = Memory();
        await WaitingAsync(server, head, caller, Many, async sockets =>
        {
            var each = (Memory() - before) / Many;
            var threads = ThreadPool.ThreadCount;
            var receiving = sockets.Select(ReceiveAsync).ToArray();
            var started = Stopwatch.GetTimestamp();
            await server.Admin.RevokeAsync(token);
            var revoked = Stopwatch.GetTimestamp();
            var received = await Task.WhenAll(receiving).WaitAsync(Patience);
            received.ShouldAllBe(answer => answer.Text.Contains("\"events\":[{\"seq\":", StringComparison.Ordinal));
            double[] times = [.. received.Select(answer => Stopwatch.GetElapsedTime(revoked, answer.At).TotalMilliseconds).Order()];
            output.WriteLine($"{Many} waiting followers: {each} bytes each, both ends of the connection; {threads} threads of the pool. Revocation {Stopwatch.GetElapsedTime(started, revoked).TotalMilliseconds:F1} ms, then told: p50 {times[Many / 2]:F1} ms, p99 {times[Many * 99 / 100]:F1} ms.");
            each.ShouldBeLessThan(20 << 10);
            threads.ShouldBeLessThan(100);
        });
    }

    [Fact]
    public async Task Thousands_of_rows_a_second_come_to_a_hundred_followers_of_four_callers_each_once()
    {
        await using var acme = await Acme.StartAsync(options => options.Unlimit());
        var callers = new List<TestClient>();
        for (var i = 0; i < 4; i++) callers.Add(await acme.Admin.AddClientAsync(new { client_id = $"rs-{i}", kind = "resource-server", audience = new[] { Acme.OrdersApi } }));
        var pollers = new List<Poller>();
        for (var i = 0; i < 100; i++) pollers.Add(await new Poller(acme.Server.Http, callers[i % 4], $"f-{i}").StartedAsync());

        var started = Stopwatch.GetTimestamp();
        var following = pollers.Select(poller => FollowAsync(poller, 5000)).ToArray();
        for (var list = 0; list < 10; list++) await FeedPageTests.RevokeAsync(acme, list, 500);
        var revoked = Stopwatch.GetElapsedTime(started);
        var told = await Task.WhenAll(following).WaitAsync(Patience);
        output.WriteLine($"5,000 rows in lists of 500 in {revoked.TotalMilliseconds:F0} ms, with 100 followers of 4 callers: all told after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms, {told.Average(each => each.Polls):F1} polls each.");
        told.ShouldAllBe(each => each.Seqs.Count == 5000 && each.Seqs.Distinct().Count() == 5000);
    }

    private static async Task<(List<long> Seqs, int Polls)> FollowAsync(Poller poller, int most)
    {
        var seqs = new List<long>();
        var polls = 0;
        for (; seqs.Count < most; polls++) seqs.AddRange(Poller.Events(await poller.PollAsync(wait: 5)).Select(told => told.Seq));
        return (seqs, polls);
    }

    private static async Task WaitingAsync(TestServer server, string head, TestClient caller, int count, Func<Socket[], Task> then)
    {
        var waiters = server.Services.GetRequiredService<FeedWaiters>();
        var sockets = new Socket[count];
        try
        {
            for (var i = 0; i < count; i++)
            {
                sockets[i] = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await sockets[i].ConnectAsync(server.Address.Host, server.Address.Port);
                await sockets[i].SendAsync(Encoding.ASCII.GetBytes($"GET /feed?nonce={i}&wait=5&after={head} HTTP/1.1\r\nHost: x\r\nAuthorization: {caller.Basic}\r\nTouchstone-Follower: f-{i};instance={i:d8}\r\n\r\n"));
            }
            var started = Stopwatch.GetTimestamp();
            while (waiters.Count < count && Stopwatch.GetElapsedTime(started) < Patience) await Task.Yield();
            waiters.Count.ShouldBe(count);
            await then(sockets);
        }
        finally
        {
            foreach (var socket in sockets) socket?.Dispose();
        }
    }

    private static async Task<(string Text, long At)> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[2048];
        var length = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length));
            length += read;
            var text = Encoding.ASCII.GetString(buffer, 0, length);
            if (read == 0 || text.Contains("]}", StringComparison.Ordinal)) return (text, Stopwatch.GetTimestamp());
        }
    }

    private static long Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}

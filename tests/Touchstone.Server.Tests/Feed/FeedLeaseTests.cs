using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Leases;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Feed;

/// <summary>From when on the lease of a follower runs: from when that of the node began, or from before the log was read.</summary>
public sealed class FeedLeaseTests
{
    [Fact]
    public async Task The_lease_runs_from_the_begin_of_the_nodes_own()
    {
        await using var node = await Node.StartAsync();
        node.Lease.Set(node.Lease.Now);
        node.Server.Time.Advance(TimeSpan.FromMilliseconds(700));
        (await node.PollAsync()).Json.GetProperty("offset_ms").GetInt64().ShouldBeInRange(-701, -700);
        node.Lease.Reads.ShouldBe(0);
    }

    [Fact]
    public async Task A_clock_that_was_set_forward_makes_no_lease_longer()
    {
        await using var node = await Node.StartAsync();
        var now = node.Lease.Now;
        // By the wall clock it began two seconds ago, by the other one second.
        node.Lease.Set(new ClockReading(now.Monotonic - TimeSpan.FromSeconds(1), now.Wall - TimeSpan.FromSeconds(2)));
        (await node.PollAsync()).Json.GetProperty("offset_ms").GetInt64().ShouldBeInRange(-2001, -2000);
        node.Lease.Set(new ClockReading(now.Monotonic - TimeSpan.FromSeconds(3), now.Wall - TimeSpan.FromSeconds(2)));
        (await node.PollAsync()).Json.GetProperty("offset_ms").GetInt64().ShouldBeInRange(-3001, -3000);
    }

    [Fact]
    public async Task A_node_without_a_lease_reads_the_log_and_gives_one_from_before_the_read()
    {
        await using var node = await Node.StartAsync();
        node.Lease.IsGone = true;
        node.Lease.OnRead = () => node.Server.Time.Advance(TimeSpan.FromMilliseconds(300));
        var offset = (await node.PollAsync()).Json.GetProperty("offset_ms").GetInt64();
        node.Lease.Reads.ShouldBeGreaterThan(0);
        offset.ShouldBe(0);
    }

    [Fact]
    public async Task A_node_that_has_no_lease_and_can_not_read_the_log_answers_503()
    {
        await using var node = await Node.StartAsync();
        node.Lease.IsGone = true;
        node.Lease.OnRead = () => throw new StoreException("cut off");
        (await node.PollAsync()).ShouldBeError(503, "temporarily_unavailable").Header("Retry-After").ShouldBe("1");
    }

    private sealed record Node(TestServer Server, HeldByHand Lease, Poller Poller) : IAsyncDisposable
    {
        internal static async Task<Node> StartAsync()
        {
            var server = await TestServer.StartAsync(adjust: builder => builder.Services.AddSingleton<Freshness, HeldByHand>());
            var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
            return new Node(server, (HeldByHand)server.Services.GetRequiredService<Freshness>(), new Poller(server.Http, caller));
        }

        internal Task<Answer> PollAsync() => Poller.PollAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    /// <summary>A lease that a test gives and takes.</summary>
    private sealed class HeldByHand(TimeProvider time) : Freshness
    {
        private ClockReading? _since;
        private int _reads;

        internal bool IsGone { get; set; }

        internal int Reads => Volatile.Read(ref _reads);

        internal Action OnRead { get; set; } = () => { };

        internal override bool IsHeld => !IsGone;

        internal override ClockReading Now => time.Read();

        internal override ClockReading? Since => IsGone ? null : _since ?? Now;

        internal override Task<IReadOnlyList<NodeRow>> NodesAsync() => Task.FromResult<IReadOnlyList<NodeRow>>([]);

        internal override ValueTask ReadAsync()
        {
            Interlocked.Increment(ref _reads);
            OnRead();
            return ValueTask.CompletedTask;
        }

        internal void Set(ClockReading? since) => _since = since;
    }
}

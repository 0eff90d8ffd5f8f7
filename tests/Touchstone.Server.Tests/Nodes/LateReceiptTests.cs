using System.Diagnostics;
using System.Text.Json;
using Touchstone.Server.Tests.Feed;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>A receipt that is asked for when every lease is over. Two nodes of its own: the clock jumps.</summary>
public sealed class LateReceiptTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TwoNodes _nodes = new();

    public ValueTask InitializeAsync() => _nodes.InitializeAsync();

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact]
    public async Task Of_an_old_revocation_each_node_tells_what_is_known_of_the_nodes_there_are()
    {
        var seq = (await _nodes.A.Admin.PostAsync(AdminCalls.Revocations, new { grant = "g-old" })).ShouldBeJson(200).Json.GetProperty("seq").GetInt64();
        _nodes.A.Time.AdvanceSeconds(120);
        foreach (var node in (TestServer[])[_nodes.A, _nodes.B])
        {
            var receipt = (await node.Admin.GetAsync($"/admin/revocations/{seq}/receipt")).ShouldBeJson(200).Json;
            // A node tells of its followers four times a second.
            for (var started = Stopwatch.GetTimestamp(); receipt.GetProperty("nodes").GetProperty("confirmed").GetInt32() < 2 && Stopwatch.GetElapsedTime(started) < Patience;)
                receipt = (await node.Admin.GetAsync($"/admin/revocations/{seq}/receipt")).ShouldBeJson(200).Json;
            receipt.GetProperty("complete").GetBoolean().ShouldBeTrue(receipt.ToString());
            receipt.GetProperty("nodes").GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()).ShouldBe(["a", "b"], ignoreOrder: true);
            receipt.GetProperty("nodes").GetProperty("confirmed").GetInt32().ShouldBe(2, receipt.ToString());
        }
    }

    [Fact]
    public async Task When_every_lease_is_over_nobody_is_pending()
    {
        var caller = await _nodes.A.Admin.AddClientAsync(new { client_id = "rs-silent", kind = "resource-server", audience = new[] { "https://rs-silent.test/" } });
        var poller = await new Poller(_nodes.A.Http, caller).StartedAsync();
        var receipt = (await _nodes.A.Admin.PostAsync(AdminCalls.Revocations + "?wait=0", new { grant = "g-silent" })).ShouldBeJson(200).Json.GetProperty("receipt");
        StateOf(receipt, poller).ShouldBe("pending");
        _nodes.A.Time.AdvanceSeconds(120);
        receipt = (await _nodes.A.Admin.GetAsync($"/admin/revocations/{receipt.GetProperty("seq").GetInt64()}/receipt")).ShouldBeJson(200).Json;
        receipt.GetProperty("complete").GetBoolean().ShouldBeTrue(receipt.ToString());
        receipt.GetProperty("followers").GetProperty("pending").GetInt32().ShouldBe(0);
        StateOf(receipt, poller).ShouldBe("lapsed");
    }

    [Fact]
    public async Task When_the_clock_jumped_the_followers_of_other_nodes_still_count()
    {
        await _nodes.A.Admin.PostAsync(AdminCalls.Revocations, new { grant = "g-before" });
        _nodes.A.Time.AdvanceSeconds(120);
        var caller = await _nodes.A.Admin.AddClientAsync(new { client_id = "rs-late", kind = "resource-server", audience = new[] { "https://rs-late.test/" } });
        var poller = await new Poller(_nodes.B.Http, caller).StartedAsync();
        for (var i = 0; i < 5; i++)
        {
            var receipt = (await _nodes.A.Admin.PostAsync(AdminCalls.Revocations + "?wait=0", new { grant = $"g-late-{i}" })).ShouldBeJson(200).Json.GetProperty("receipt");
            receipt.GetProperty("followers").GetProperty("pending").GetInt32().ShouldBe(1, receipt.ToString());
            StateOf(receipt, poller).ShouldBe("pending");
        }
    }

    private static string? StateOf(JsonElement receipt, Poller poller) =>
        receipt.GetProperty("followers").GetProperty("items").EnumerateArray().Single(item => item.GetProperty("instance").GetString() == poller.Instance).GetProperty("state").GetString();
}

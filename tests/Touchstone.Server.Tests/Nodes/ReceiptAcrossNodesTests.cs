using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Feed;
using Touchstone.Server.Tests.Feed;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>A receipt counts the followers of all nodes.</summary>
public sealed class ReceiptAcrossNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_receipt_of_one_node_counts_the_followers_of_the_other()
    {
        var caller = await nodes.A.Admin.AddClientAsync(new { client_id = "rs-receipt", kind = "resource-server", audience = new[] { "https://rs-receipt.test/" } });
        var poller = await new Poller(nodes.B.Http, caller).StartedAsync();
        var waiting = poller.PollAsync(wait: 5);
        var waiters = nodes.B.Services.GetRequiredService<FeedWaiters>();
        for (var started = Stopwatch.GetTimestamp(); waiters.Count == 0 && Stopwatch.GetElapsedTime(started) < Patience;) await Task.Yield();

        var revoking = nodes.A.Admin.PostAsync(AdminCalls.Revocations + "?wait=10", new { grant = "g-receipt" });
        await waiting.WaitAsync(Patience);
        await poller.PollAsync();
        var receipt = (await revoking.WaitAsync(Patience)).ShouldBeJson(200).Json.GetProperty("receipt");
        receipt.GetProperty("complete").GetBoolean().ShouldBeTrue(receipt.ToString());
        receipt.GetProperty("nodes").GetProperty("confirmed").GetInt32().ShouldBe(2);
        var party = receipt.GetProperty("followers").GetProperty("items").EnumerateArray().Single(item => item.GetProperty("instance").GetString() == poller.Instance);
        party.GetProperty("state").GetString().ShouldBe("confirmed");

        // The next one it does not answer: nobody may call that enforced.
        var pending = (await nodes.A.Admin.PostAsync(AdminCalls.Revocations + "?wait=0", new { grant = "g-pending" })).ShouldBeJson(200).Json.GetProperty("receipt");
        pending.GetProperty("complete").GetBoolean().ShouldBeFalse(pending.ToString());
        pending.GetProperty("followers").GetProperty("items").EnumerateArray().Single(item => item.GetProperty("instance").GetString() == poller.Instance).GetProperty("state").GetString().ShouldBe("pending");
    }
}

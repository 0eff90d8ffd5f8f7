using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Feed;
using Touchstone.Server.Tests.Feed;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>Followers and receipts where several nodes share a database.</summary>
public sealed class FeedAcrossNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_follower_goes_from_node_to_node_with_what_it_holds()
    {
        var caller = await AddAsync("rs-walk");
        var (here, there) = (new Poller(nodes.A.Http, caller), new Poller(nodes.B.Http, caller));
        await here.StartedAsync();
        for (var i = 0; i < 5; i++)
        {
            var token = await nodes.Any(i).Admin.IssueAsync(new { client_id = "shop", aud = "https://rs-walk.test/" });
            there.Head = here.Head;
            var (answer, tags, _) = await there.IntrospectAsync(token);
            answer.Json.GetProperty("active").GetBoolean().ShouldBeTrue(answer.ToString());
            await nodes.Any(i + 1).Admin.RevokeAsync(token);
            // The same tags at every node, and each goes on where the other ended.
            tags.ShouldContain(Poller.Tags(await there.PollAsync()).ShouldHaveSingleItem());
            here.Head = there.Head;
        }
    }

    [Fact]
    public async Task The_receipt_of_one_node_counts_the_followers_of_the_other()
    {
        var caller = await AddAsync("rs-receipt");
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

    private async Task<TestClient> AddAsync(string id)
    {
        if (!nodes.A.Services.GetRequiredService<Clients.ClientDirectory>().All.Any(client => client.Id == "shop")) await nodes.A.Admin.AddClientAsync(new { client_id = "shop", kind = "client" });
        return await nodes.A.Admin.AddClientAsync(new { client_id = id, kind = "resource-server", audience = new[] { $"https://{id}.test/" } });
    }
}

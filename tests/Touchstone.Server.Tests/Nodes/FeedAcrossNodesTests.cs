using Touchstone.Server.Tests.Feed;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>A follower may ask any node.</summary>
public sealed class FeedAcrossNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    [Fact]
    public async Task A_follower_goes_from_node_to_node_with_what_it_holds()
    {
        await nodes.A.Admin.AddClientAsync(new { client_id = "shop", kind = "client" });
        var caller = await nodes.A.Admin.AddClientAsync(new { client_id = "rs-walk", kind = "resource-server", audience = new[] { "https://rs-walk.test/" } });
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
}

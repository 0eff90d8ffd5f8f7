using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Tests.Feed;

/// <summary>One poll for every outcome, on a server that lets one wait and keeps three.</summary>
internal static class FeedTraffic
{
    internal static async Task AllAsync(Acme acme)
    {
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        await acme.Admin.RevokeAsync(await acme.TokenAsync());
        await poller.PollAsync();
        var waiting = poller.PollAsync(wait: 5);
        await FeedWaitingTests.WaitingAsync(acme, 1);
        var other = await new Poller(acme.Server.Http, acme.Billing).StartedAsync();
        await other.PollAsync(wait: 5);
        acme.Time.AdvanceSeconds(5);
        await waiting;
        await poller.PollAsync(after: LogCursor.Start(Guid.NewGuid()).ToString());
        await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        await new Poller(acme.Server.Http, acme.Orders).PollAsync();
        await new Poller(acme.Server.Http, acme.Mute).PollAsync();

        LogCursor.TryParse(poller.Head, out var head);
        poller.Head = new LogCursor(head.Epoch, head.Seq + 1, Guid.NewGuid()).ToString();
        await poller.IntrospectAsync("x");
        await poller.IntrospectAsync("x", OAuthCalls.Batch);
    }
}

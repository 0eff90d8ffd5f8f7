using System.Globalization;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Server.Tests.Feed;

/// <summary><c>GET /feed</c>: what a follower is told, and for how long it may go on with what it holds.</summary>
public sealed class FeedTests(Acme acme) : IClassFixture<Acme>
{
    private Poller Orders => new(acme.Server.Http, acme.Orders);

    [Fact]
    public async Task Who_holds_nothing_is_told_from_where_on_it_will_be_told()
    {
        await acme.Admin.RevokeAsync(await acme.TokenAsync());
        var answer = await Orders.PollAsync();
        answer.Status.ShouldBe(200);
        answer.Header("Content-Type").ShouldBe("application/vnd.touchstone.feed.v1+json");
        answer.Header("Cache-Control").ShouldBe("no-store");
        LogCursor.TryParse(answer.Json.GetProperty("head").GetString(), out var head).ShouldBeTrue();
        answer.Json.GetProperty("floor").GetInt64().ShouldBe(head.Seq);
        answer.Json.GetProperty("events").GetArrayLength().ShouldBe(0);
        answer.Json.GetProperty("lease_seconds").GetInt64().ShouldBe(15);
        answer.Json.GetProperty("offset_ms").GetInt64().ShouldBeLessThanOrEqualTo(0);
    }

    [Fact]
    public async Task A_revoked_token_is_recognised_by_who_holds_it_and_by_nobody_else()
    {
        var (orders, billing) = (await Orders.StartedAsync(), await new Poller(acme.Server.Http, acme.Billing).StartedAsync());
        var token = await acme.TokenAsync();
        var (held, tags, asOf) = await orders.IntrospectAsync(token);
        held.Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        var (_, others, _) = await orders.IntrospectAsync(await acme.TokenAsync(new { client_id = "warehouse", sub = "somebody", aud = Acme.OrdersApi }));
        tags.ShouldAllBe(tag => tag.Length == TagKey.TagLength);

        var seq = (await acme.Admin.RevokeAsync(token)).GetProperty("seq").GetInt64();
        var told = Poller.Events(await orders.PollAsync());
        told.ShouldHaveSingleItem().Seq.ShouldBe(seq);
        tags.ShouldContain(told[0].Tag);
        others.ShouldNotContain(told[0].Tag);
        long.Parse(asOf!.Split('.')[1], CultureInfo.InvariantCulture).ShouldBeLessThan(seq);
        // Of a token that is not for it the other is told nothing; it knows as much of the log all the same.
        Poller.Tags(await billing.PollAsync()).ShouldBeEmpty();
        billing.Head.ShouldBe(orders.Head);
        Poller.Tags(await orders.PollAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_callers_have_nothing_to_compare()
    {
        var token = await acme.TokenAsync(new { client_id = "web-shop", sub = "u-1", aud = new[] { Acme.OrdersApi, Acme.BillingApi } });
        var (_, mine, _) = await Orders.IntrospectAsync(token);
        var (_, theirs, _) = await new Poller(acme.Server.Http, acme.Billing).IntrospectAsync(token);
        mine.Length.ShouldBe(theirs.Length);
        mine.Intersect(theirs).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_way_to_end_a_token_comes_as_an_event_with_a_tag_of_the_token()
    {
        var more = new { client_id = "web-shop", sub = "u-7", aud = Acme.OrdersApi, grant = "g-7", session = "s-7", tenant = "t-7", ancestors = new[] { Protocol.Tokens.TokenHash.Of("its parent").ToString() } };
        string[] tags = [];
        object[] ends =
        [
            new { token = "its parent" }, new { grant = "g-7" }, new { session = "s-7" }, new { sub = "u-7" }, new { client_id = "web-shop" }, new { tenant = "t-7" }, new { all = true },
        ];
        // A server of its own: in the end nobody has a token any more.
        await using var own = await Acme.StartAsync();
        var token = await own.TokenAsync(more);
        foreach (var end in ends)
        {
            var orders = await new Poller(own.Server.Http, own.Orders).StartedAsync();
            // Tags are what they are from the first answer on.
            if (tags.Length == 0) (_, tags, _) = await orders.IntrospectAsync(token);
            (await own.Admin.PostAsync(AdminCalls.Revocations, end)).Status.ShouldBe(200);
            tags.ShouldContain(Poller.Tags(await orders.PollAsync()).ShouldHaveSingleItem(), end.ToString());
        }
        // And the token itself, the member of the tenant, and the registration of the caller.
        tags.Length.ShouldBe(ends.Length + 3);
    }

    [Fact]
    public async Task A_changed_registration_is_told_to_the_caller_itself_whose_answers_were_made_by_it()
    {
        var changed = await acme.Admin.AddClientAsync(new { client_id = $"rs-{Guid.NewGuid():N}", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        var (own, other) = (await new Poller(acme.Server.Http, changed).StartedAsync(), await Orders.StartedAsync());
        var (_, tags, _) = await own.IntrospectAsync(await acme.TokenAsync());
        await acme.Admin.ChangeAsync(changed.Id, "view", new { sub = "omitted" });
        tags.ShouldContain(Poller.Tags(await own.PollAsync()).ShouldHaveSingleItem());
        Poller.Tags(await other.PollAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_token_that_nobody_registered_yet_is_told_to_all()
    {
        var (orders, billing) = (await Orders.StartedAsync(), await new Poller(acme.Server.Http, acme.Billing).StartedAsync());
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { token = "at.of-another-server" })).Status.ShouldBe(200);
        Poller.Tags(await orders.PollAsync()).Length.ShouldBe(1);
        Poller.Tags(await billing.PollAsync()).Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_cursor_of_another_log_is_gone_and_whoever_has_it_begins_at_the_head()
    {
        var orders = await Orders.StartedAsync();
        LogCursor.TryParse(orders.Head, out var head).ShouldBeTrue();
        await acme.Admin.RevokeAsync(await acme.TokenAsync());
        foreach (var other in (LogCursor[])[head with { Epoch = Guid.NewGuid() }, head with { Row = Guid.NewGuid() }, head with { Seq = head.Seq + 1000 }])
        {
            var answer = await orders.PollAsync(after: other.ToString());
            answer.Status.ShouldBe(410, other.ToString());
            answer.Header("Content-Type").ShouldBe("application/vnd.touchstone.feed.v1+json");
            LogCursor.TryParse(answer.Json.GetProperty("head").GetString(), out var now).ShouldBeTrue();
            now.Epoch.ShouldBe(head.Epoch);
            answer.Json.GetProperty("floor").GetInt64().ShouldBe(now.Seq);
        }
        (await orders.PollAsync()).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("/feed?nonce=1", null, "Touchstone-Follower")]
    [InlineData("/feed?nonce=1", "name", "Touchstone-Follower")]
    [InlineData("/feed?nonce=1", "name;instance=short", "Touchstone-Follower")]
    [InlineData("/feed?nonce=1", "name;instance=0123456789;grace=x", "Touchstone-Follower")]
    [InlineData("/feed", "name;instance=0123456789", "nonce")]
    [InlineData("/feed?nonce=%22", "name;instance=0123456789", "nonce")]
    [InlineData("/feed?nonce=1&after=17", "name;instance=0123456789", "after")]
    [InlineData("/feed?nonce=1&wait=-1", "name;instance=0123456789", "wait")]
    [InlineData("/feed?nonce=1&all=yes", "name;instance=0123456789", "all")]
    [InlineData("/feed?nonce=1&nonce=2", "name;instance=0123456789", "twice")]
    [InlineData("/feed?nonce=1", "name;instance=0123456789;grace=1;grace=2", "Touchstone-Follower")]
    [InlineData("/feed?nonce=1&afer=0", "name;instance=0123456789", "no parameter afer")]
    [InlineData("/feed?nonce=1&a%22b=0", "name;instance=0123456789", "no parameter of that name")]
    [InlineData("/feed?nonce=1&client_secret=x", "name;instance=0123456789", "URL")]
    [InlineData("/feed?nonce=1&access_token=x", "name;instance=0123456789", "URL")]
    public async Task What_cannot_be_understood_is_refused_and_says_why(string path, string? follower, string says)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", acme.Orders.Basic);
        if (follower is not null) request.Headers.TryAddWithoutValidation("Touchstone-Follower", follower);
        (await acme.OAuth.SendAsync(request)).ShouldBeError(400, "invalid_request").Text.ShouldContain(says);
    }

    [Fact]
    public async Task I07_I08_I40_Who_may_not_introspect_may_not_follow()
    {
        (await acme.OAuth.GetAsync("/feed?nonce=1")).ShouldBeError(401, "invalid_client");
        (await new Poller(acme.Server.Http, acme.Orders with { Secret = "wrong" }).PollAsync()).ShouldBeError(401, "invalid_client");
        (await new Poller(acme.Server.Http, acme.Mute).PollAsync()).ShouldBeError(403, "access_denied");
        (await acme.OAuth.PostAsync("/feed?nonce=1", acme.Orders)).Status.ShouldBe(405);
    }

    [Fact]
    public async Task I07_An_access_token_is_good_here_as_at_introspection()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/feed?nonce=1");
        request.Headers.Authorization = new("Bearer", await acme.Admin.IssueAsync(new { client_id = acme.Orders.Id, scope = "touchstone:introspect", aud = TestServer.DefaultIssuer }));
        request.Headers.TryAddWithoutValidation("Touchstone-Follower", "name;instance=0123456789");
        (await acme.OAuth.SendAsync(request)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task E22_The_metadata_names_it()
    {
        new Uri((await acme.OAuth.MetadataAsync()).GetProperty("touchstone_feed_endpoint").GetString()!).AbsolutePath.ShouldBe("/feed");
    }
}

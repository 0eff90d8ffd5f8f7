using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Feed;

namespace Touchstone.Server.Tests.Feed;

/// <summary><c>GET /admin/followers</c>, and what is kept of followers.</summary>
public sealed class FollowersTests
{
    [Fact]
    public async Task A_follower_is_listed_with_what_it_acknowledged_and_how_far_it_is_behind()
    {
        await using var acme = await Acme.StartAsync();
        (await acme.Admin.GetAsync("/admin/followers")).Text.ShouldBe("""{"items":[],"next":null}""");
        var poller = await new Poller(acme.Server.Http, acme.Orders, "orders-7").StartedAsync();
        await poller.PollAsync();
        await acme.Admin.RevokeAsync(await acme.TokenAsync());
        // Another one is told of it; this one was not here.
        var other = await new Poller(acme.Server.Http, acme.Billing).StartedAsync();
        await other.PollAsync();
        acme.Time.AdvanceSeconds(2);

        var items = await ListAsync(acme);
        items.Select(item => item.GetProperty("caller").GetString()).ShouldBe([acme.Billing.Id, acme.Orders.Id]);
        var mine = items[1];
        mine.GetProperty("name").GetString().ShouldBe("orders-7");
        mine.GetProperty("instance").GetString().ShouldBe(poller.Instance);
        mine.GetProperty("state").GetString().ShouldBe("following");
        mine.GetProperty("last_seen").GetInt64().ShouldBe(acme.Time.Seconds - 2);
        mine.GetProperty("acknowledged").GetInt64().ShouldBe(long.Parse(poller.Head!.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture));
        mine.GetProperty("lag_rows").GetInt64().ShouldBe(1);
        mine.GetProperty("lag_ms").GetInt64().ShouldBe(2000);
        mine.GetProperty("polls").GetInt64().ShouldBe(2);
        items[0].GetProperty("lag_rows").GetInt64().ShouldBe(0);

        acme.Time.Advance(TimeSpan.FromMilliseconds(13_500));
        (await ListAsync(acme)).Select(item => item.GetProperty("state").GetString()).ShouldBe(["lapsed", "lapsed"]);
        acme.Time.Advance(Followers.KeptFor);
        (await ListAsync(acme)).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_was_silent_for_longer_than_a_lease_is_told_of_anew()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "There the other nodes know of it again before the poll is answered.");
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var follower = acme.Server.Services.GetRequiredService<Followers>().All.Single();
        follower.IsKnown = true;
        acme.Time.AdvanceSeconds(15);
        await poller.PollAsync();
        follower.IsKnown.ShouldBeTrue();
        // Another node may have taken it for gone by now.
        acme.Time.AdvanceSeconds(16);
        await poller.PollAsync();
        follower.IsKnown.ShouldBeFalse("where there are other nodes, it gets no lease before they know of it");
    }

    [Fact]
    public async Task The_list_comes_in_pages()
    {
        await using var acme = await Acme.StartAsync();
        for (var i = 0; i < 3; i++) await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var first = (await acme.Admin.GetAsync("/admin/followers?limit=2")).Json;
        first.GetProperty("items").GetArrayLength().ShouldBe(2);
        var second = (await acme.Admin.GetAsync($"/admin/followers?limit=2&after={Uri.EscapeDataString(first.GetProperty("next").GetString()!)}")).Json;
        second.GetProperty("items").GetArrayLength().ShouldBe(1);
        second.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        (await acme.Admin.GetAsync("/admin/followers?limit=0")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task No_follower_is_forgotten_that_may_hold_a_lease()
    {
        await using var acme = await Acme.StartAsync(options => options.Feed.MaxFollowers = 1);
        var first = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        (await new Poller(acme.Server.Http, acme.Billing).PollAsync()).ShouldBeError(503, "temporarily_unavailable");
        (await first.PollAsync()).Status.ShouldBe(200);
        acme.Time.Advance(TimeSpan.FromMilliseconds(15_500));
        (await new Poller(acme.Server.Http, acme.Billing).PollAsync()).Status.ShouldBe(200);
        acme.Server.Services.GetRequiredService<Followers>().Count.ShouldBe(1);
    }

    private static async Task<JsonElement[]> ListAsync(Acme acme) => [.. (await acme.Admin.GetAsync("/admin/followers")).ShouldBeJson(200).Json.GetProperty("items").EnumerateArray()];
}

using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Feed;

namespace Touchstone.Server.Tests.Feed;

/// <summary>Many rows: in pages, from the store, or as a floor.</summary>
public sealed class FeedPageTests
{
    [Fact]
    public async Task Thousands_of_revocations_in_lists_come_as_events_each_once_and_in_order()
    {
        await using var acme = await Acme.StartAsync(options => options.Unlimit());
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var before = Seq(poller);
        var told = new List<(long Seq, string Tag)>();
        for (var list = 0; list < 10; list++)
        {
            await RevokeAsync(acme, list, 500);
            told.AddRange(Poller.Events(await poller.PollAsync()));
        }
        told.Select(each => each.Seq).ShouldBe(Enumerable.Range(1, 5000).Select(i => before + i));
        told.Select(each => each.Tag).Distinct().Count().ShouldBe(5000);
    }

    [Fact]
    public async Task All_rows_come_in_pages_and_no_page_but_the_last_renews_a_lease()
    {
        await using var acme = await Acme.StartAsync(options => options.Unlimit());
        for (var list = 0; list < 3; list++) await RevokeAsync(acme, list, 5000);
        var poller = new Poller(acme.Server.Http, acme.Orders);
        var told = new List<(long Seq, string Tag)>();
        var after = "0";
        for (var pages = 1; ; pages++)
        {
            var answer = await poller.PollAsync(after: after, more: pages == 1 ? "" : "&all=true");
            told.AddRange(Poller.Events(answer));
            after = poller.Head!;
            answer.Json.TryGetProperty("floor", out _).ShouldBeFalse();
            if (!answer.Json.TryGetProperty("more", out _)) break;
            answer.Json.TryGetProperty("lease_seconds", out _).ShouldBeFalse();
            answer.Json.TryGetProperty("offset_ms", out _).ShouldBeFalse();
            pages.ShouldBeLessThan(10);
        }
        // Before them stands the registration of the caller itself.
        told.Select(each => each.Seq).TakeLast(15_000).ShouldBe(Enumerable.Range(0, 15_000).Select(i => Seq(poller) - 14_999 + i));
        told.Select(each => each.Seq).ShouldBeInOrder();
        (await poller.PollAsync()).Json.GetProperty("events").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Who_is_too_far_behind_is_told_a_floor()
    {
        await using var acme = await Acme.StartAsync(options => options.Unlimit());
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        for (var list = 0; list < 3; list++) await RevokeAsync(acme, list, 5000);
        var answer = await poller.PollAsync();
        answer.Json.GetProperty("events").GetArrayLength().ShouldBe(0);
        answer.Json.GetProperty("floor").GetInt64().ShouldBe(Seq(poller));
        (await poller.PollAsync()).Json.TryGetProperty("floor", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Who_comes_back_to_a_server_that_was_restarted_misses_nothing()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        Poller poller;
        TestClient caller;
        string held;
        string[] tags;
        await using (var acme = await Acme.StartAsync(data: folder.Path, time: time))
        {
            (caller, poller) = (acme.Orders, await new Poller(acme.Server.Http, acme.Orders).StartedAsync());
            held = await acme.TokenAsync();
            (_, tags, _) = await poller.IntrospectAsync(held);
            await acme.Admin.RevokeAsync(held);
        }
        await using var server = await TestServer.StartAsync(data: folder.Path, time: time);
        var again = new Poller(server.Http, caller) { Head = poller.Head };
        // From the store, and under the same key.
        tags.ShouldContain(Poller.Tags(await again.PollAsync()).ShouldHaveSingleItem());
    }

    [Fact]
    public void The_ring_keeps_a_number_of_rows_and_knows_how_far_back_it_reaches()
    {
        var ring = new FeedRing();
        var epoch = Guid.NewGuid();
        var head = LogCursor.Start(epoch);
        ring.Begin(head);
        for (var i = 0; i < 5; i++)
        {
            var rows = Enumerable.Range(1, FeedRing.MaxRows / 4).Select(n => Storage.Records.Row(Protocol.Revocation.Selector.Grant($"{n}")) with { Seq = head.Seq + n, Id = Guid.NewGuid() }).ToArray();
            ring.Add(new FeedSegment(head, rows, null, null)).ShouldBeTrue();
            head = ring.Now.Head;
        }
        var state = ring.Now;
        state.After(head.Seq).ShouldNotBeNull().ShouldBeEmpty();
        state.After(head.Seq - 1).ShouldNotBeNull().Count.ShouldBe(1);
        state.After(FeedRing.MaxRows / 4).ShouldNotBeNull().Sum(segment => segment.Count).ShouldBe(FeedRing.MaxRows);
        state.After((FeedRing.MaxRows / 4) - 1).ShouldBeNull();
        state.IdOf(head.Seq - 3).ShouldNotBeNull();
        state.IdOf(1).ShouldBeNull();
        // Rows that are not those behind the head are of another life of the log.
        ring.Add(new FeedSegment(LogCursor.Start(epoch), [Storage.Records.Row(Protocol.Revocation.Selector.All) with { Seq = 1 }], null, null)).ShouldBeFalse();
    }

    internal static async Task RevokeAsync(Acme acme, int list, int count)
    {
        var items = Enumerable.Range(0, count).Select(i => new { token = $"{list}-{i}" });
        (await acme.Admin.PostAsync(AdminCalls.Revocations, items)).Status.ShouldBe(200);
    }

    private static long Seq(Poller poller) => LogCursor.TryParse(poller.Head, out var head) ? head.Seq : throw new InvalidOperationException(poller.Head);
}

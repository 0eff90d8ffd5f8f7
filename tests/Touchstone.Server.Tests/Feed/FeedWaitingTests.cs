using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Touchstone.Server.Feed;

namespace Touchstone.Server.Tests.Feed;

/// <summary>Polls that wait for news.</summary>
public sealed class FeedWaitingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_poll_is_answered_as_soon_as_there_is_something()
    {
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var token = await acme.TokenAsync();
        var waiting = poller.PollAsync(wait: 5);
        await WaitingAsync(acme, 1);
        await acme.Admin.RevokeAsync(token);
        Poller.Tags(await waiting.WaitAsync(Patience)).Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_poll_that_waits_in_vain_is_answered_after_a_third_of_the_lease_and_renews_it()
    {
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var waiting = poller.PollAsync(wait: 3600);
        await WaitingAsync(acme, 1);
        acme.Time.Advance(TimeSpan.FromMilliseconds(4999));
        waiting.IsCompleted.ShouldBeFalse();
        acme.Time.Advance(TimeSpan.FromMilliseconds(1));
        var answer = await waiting.WaitAsync(Patience);
        answer.Json.GetProperty("events").GetArrayLength().ShouldBe(0);
        // All that is known was known when the wait was over.
        if (!TestStore.IsPostgres) answer.Json.GetProperty("offset_ms").GetInt64().ShouldBe(5000); // There a lease has the time of the database.
    }

    [Fact]
    public async Task Beside_events_stands_how_long_the_node_has_known_the_first_of_them()
    {
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        await acme.Admin.RevokeAsync(await acme.TokenAsync());
        acme.Time.Advance(TimeSpan.FromMilliseconds(700));
        await acme.Admin.RevokeAsync(await acme.TokenAsync());
        acme.Time.Advance(TimeSpan.FromMilliseconds(100));
        var answer = await poller.PollAsync(wait: 5);
        answer.Json.GetProperty("events").GetArrayLength().ShouldBe(2);
        answer.Json.GetProperty("age_ms").GetInt64().ShouldBeInRange(800, 60_000);
        (await poller.PollAsync()).Json.TryGetProperty("age_ms", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Who_was_disabled_while_it_waited_is_refused()
    {
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var waiting = poller.PollAsync(wait: 5);
        await WaitingAsync(acme, 1);
        await acme.Admin.ChangeAsync(acme.Orders.Id, "disable");
        (await waiting.WaitAsync(Patience)).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task A_secret_that_ended_while_the_poll_waited_is_no_secret_any_more()
    {
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var waiting = poller.PollAsync(wait: 5);
        await WaitingAsync(acme, 1);
        await acme.Admin.ChangeAsync(acme.Orders.Id, "rotate-secret", new { overlap_seconds = 0 });
        (await waiting.WaitAsync(Patience)).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task A_poll_is_charged_once_however_long_it_waits()
    {
        await using var acme = await Acme.StartAsync(options => (options.Limits.ClientRate, options.Limits.ClientBurst) = (1, 2));
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var waiting = poller.PollAsync(wait: 1);
        await WaitingAsync(acme, 1);
        (await poller.PollAsync()).ShouldBeError(429, "rate_limit_exceeded");
        acme.Time.AdvanceSeconds(1);
        (await waiting.WaitAsync(Patience)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task More_than_may_wait_are_sent_to_another_node()
    {
        await using var acme = await Acme.StartAsync(options => options.Feed.MaxWaiting = 1);
        var (first, second) = (await new Poller(acme.Server.Http, acme.Orders).StartedAsync(), await new Poller(acme.Server.Http, acme.Billing).StartedAsync());
        var waiting = first.PollAsync(wait: 5);
        await WaitingAsync(acme, 1);
        (await second.PollAsync(wait: 5)).ShouldBeError(503, "temporarily_unavailable").Header("Retry-After").ShouldBe("1");
        // One that does not wait is answered.
        (await second.PollAsync()).Status.ShouldBe(200);
        acme.Time.AdvanceSeconds(5);
        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task Who_goes_away_waits_no_longer()
    {
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        using var http = new HttpClient { BaseAddress = acme.Server.Address };
        var waiting = new Poller(http, acme.Orders) { Head = poller.Head }.PollAsync(wait: 5);
        await WaitingAsync(acme, 1);
        http.CancelPendingRequests();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
        await WaitingAsync(acme, 0);
    }

    [Fact]
    public async Task A_server_that_stops_answers_those_who_wait_and_lets_nobody_wait_any_more()
    {
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var waiting = poller.PollAsync(wait: 5);
        await WaitingAsync(acme, 1);
        var started = Stopwatch.GetTimestamp();
        acme.Server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        (await waiting.WaitAsync(Patience)).Status.ShouldBe(200);
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(4));
    }

    internal static async Task WaitingAsync(Acme acme, int count)
    {
        var waiters = acme.Server.Services.GetRequiredService<FeedWaiters>();
        var started = Stopwatch.GetTimestamp();
        while (waiters.Count != count)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException($"{waiters.Count} wait, not {count}");
            await Task.Yield();
        }
    }
}

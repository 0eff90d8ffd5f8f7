using System.Net;

namespace Touchstone.Client.Tests;

/// <summary>What becomes of checks when the server can't be asked.</summary>
public sealed class FailModeTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task FailClosed_can_not_tell()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = await PrimedAsync(server);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
    }

    [Fact]
    public async Task StaleIfError_uses_what_was_kept_for_as_long_as_it_says()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = await PrimedAsync(server);
        var policy = client.Policy with { FailMode = FailMode.StaleIfError, MaxStale = TimeSpan.FromSeconds(60) };
        var result = await client.IntrospectAsync("t", policy);
        (result.Outcome, result.Source, result.Fault, result.Token!.Subject).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Stale, IntrospectionFault.ServerError, "alice"));
        (await client.IntrospectAsync("never seen", policy)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        _time.AdvanceSeconds(60);
        (await client.IntrospectAsync("t", policy)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
    }

    [Fact]
    public async Task I17_I50_Nothing_is_used_past_its_exp()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"active":true,"exp":{{_time.Seconds + 20}}}""");
        await using var client = await PrimedAsync(server);
        var policy = client.Policy with { FailMode = FailMode.StaleIfError };
        (await client.IntrospectAsync("t", policy)).IsActive.ShouldBeTrue();
        _time.AdvanceSeconds(10);
        (await client.IntrospectAsync("t", policy)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
    }

    [Fact]
    public async Task StaleIfError_uses_nothing_for_longer_than_its_own_content_allows()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => (options.TtlOf, options.Policy) = (_ => TimeSpan.FromSeconds(3), new() { FailMode = FailMode.StaleIfError, MaxStale = TimeSpan.FromMinutes(5) }), _time);
        await client.IntrospectAsync("t");
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        _time.AdvanceSeconds(3);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
    }

    [Fact]
    public async Task FailOpen_lets_pass_without_claims_and_says_so()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = await PrimedAsync(server);
        var policy = client.Policy with { FailMode = FailMode.FailOpen };
        (await client.IntrospectAsync("t", policy)).Source.ShouldBe(IntrospectionSource.Stale);
        var open = await client.IntrospectAsync("never seen", policy);
        (open.Outcome, open.Source, open.Token).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Open, null));
    }

    [Fact]
    public async Task FailOpen_does_not_let_pass_what_is_known_to_be_inactive_nor_anything_where_the_caller_is_refused()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(time: _time);
        var policy = client.Policy with { FailMode = FailMode.FailOpen };
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        await client.IntrospectAsync("t", policy);
        _time.AdvanceSeconds(10);
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        (await client.IntrospectAsync("t", policy)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        server.Behavior = http => OtherServer.RefuseAsync(http, 401);
        (await client.IntrospectAsync("other", policy)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    [InlineData(414)]
    [InlineData(200)]
    public async Task L47_FailOpen_does_not_let_pass_what_the_server_has_an_answer_to_that_is_none(int status)
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.Policy = new() { FailMode = FailMode.FailOpen }, _time);
        server.Behavior = http => OtherServer.RefuseAsync(http, status);
        var result = await client.IntrospectAsync("made so that no server understands it");
        (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Malformed));
    }

    [Fact]
    public async Task L47_Too_many_tokens_let_nothing_pass_and_shut_nobody_out()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => (options.Policy, options.Retries) = (new() { FailMode = FailMode.FailOpen }, 0), _time);
        server.Behavior = http => OtherServer.RefuseAsync(http, 429, "1");
        for (var i = 0; i < 30; i++)
        {
            var refused = await client.IntrospectAsync("made up " + i);
            (refused.Outcome, refused.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Throttled));
        }
        client.Status.Breaker.ShouldBe(BreakerState.Closed);
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Active);
        (await client.IntrospectAsync("of somebody else")).Source.ShouldBe(IntrospectionSource.Server);
    }

    // Of 429 and 503 what counts is that, and not that the time was over while the server was left alone: the one is a fault of whoever brings tokens, the other is the server's own.
    [Theory]
    [InlineData(429, "3", 5000, 1500, IntrospectionFault.Throttled, IntrospectionOutcome.CannotTell)]
    [InlineData(429, "1", 1500, 500, IntrospectionFault.Throttled, IntrospectionOutcome.CannotTell)]
    [InlineData(429, null, 50, 50, IntrospectionFault.Throttled, IntrospectionOutcome.CannotTell)]
    [InlineData(503, "3", 5000, 1500, IntrospectionFault.ServerError, IntrospectionOutcome.Active)]
    [InlineData(503, null, 50, 50, IntrospectionFault.ServerError, IntrospectionOutcome.Active)]
    public async Task L47_A_server_that_was_left_alone_for_as_long_as_it_wanted_is_not_out_of_reach(int status, string? retryAfter, int timeout, int tryTimeout, IntrospectionFault fault, IntrospectionOutcome outcome)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, status, retryAfter);
        await using var client = server.Client(options => (options.Policy, options.Retries, options.Timeout, options.TryTimeout) = (new() { FailMode = FailMode.FailOpen }, 2, TimeSpan.FromMilliseconds(timeout), TimeSpan.FromMilliseconds(tryTimeout)), _time);
        var check = client.IntrospectAsync("t").AsTask();
        var wanted = retryAfter is null ? long.MaxValue : long.Parse(retryAfter, System.Globalization.CultureInfo.InvariantCulture);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!check.IsCompleted)
        {
            patience.Token.ThrowIfCancellationRequested();
            // Once it is in a pause, whatever is waited for ends by the clock; and the try behind the pause gets time to arrive.
            if (client.Calls.Retries > 0) _time.Advance(TimeSpan.FromMilliseconds(10));
            if (_time.Seconds - ManualTime.Start >= wanted) await Task.WhenAny(check, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token));
            await Task.Yield();
        }
        var result = await check;
        (result.Fault, result.Outcome).ShouldBe((fault, outcome));
        client.Status.Breaker.ShouldBe(BreakerState.Closed);
    }

    [Fact]
    public async Task FailOpen_does_not_let_pass_what_was_invalidated()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = await PrimedAsync(server);
        var policy = client.Policy with { FailMode = FailMode.FailOpen };
        await client.InvalidateAsync("t");
        (await client.IntrospectAsync("t", policy)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        (await client.IntrospectAsync("another", policy)).Source.ShouldBe(IntrospectionSource.Open);
    }

    // A client that holds an answer about "t" that is too old to be used as it is; and the server fails from now on.
    private async Task<IntrospectionClient> PrimedAsync(OtherServer server)
    {
        var client = server.Client(time: _time);
        (await client.IntrospectAsync("t")).IsActive.ShouldBeTrue();
        _time.AdvanceSeconds(10);
        server.Behavior = http => OtherServer.RefuseAsync(http, (int)HttpStatusCode.InternalServerError);
        return client;
    }
}

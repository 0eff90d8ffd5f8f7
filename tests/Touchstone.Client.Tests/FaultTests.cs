namespace Touchstone.Client.Tests;

/// <summary>Calls that fail, and how they are bounded.</summary>
public sealed class FaultTests
{
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(500, IntrospectionFault.ServerError)]
    [InlineData(503, IntrospectionFault.ServerError)]
    [InlineData(429, IntrospectionFault.Throttled)]
    [InlineData(401, IntrospectionFault.Refused)]
    [InlineData(403, IntrospectionFault.Refused)]
    [InlineData(404, IntrospectionFault.Malformed)]
    [InlineData(302, IntrospectionFault.Malformed)]
    public async Task L25_A_failure_is_never_an_answer_and_never_kept(int status, IntrospectionFault fault)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, status);
        await using var client = server.Client();
        var result = await client.IntrospectAsync("t");
        (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, fault));

        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Active);
        (await client.IntrospectAsync("t")).IsActive.ShouldBeTrue();
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        await using var client = new IntrospectionClient(new TokenIntrospectionOptions { IntrospectionEndpoint = new Uri("http://127.0.0.1:1/"), ClientId = "rs", ClientSecret = "s", Retries = 0 });
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Unreachable);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_waited_for_so_long_and_no_longer()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        await using var client = server.Client(options => (options.TryTimeout, options.Timeout) = (TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200)));
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Timeout);
    }

    [Fact]
    public async Task What_failed_is_tried_again()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => server.Calls < 3 ? OtherServer.RefuseAsync(http, 503) : OtherServer.AnswerAsync(http, OtherServer.Active);
        await using var client = server.Client(options => options.Retries = 2);
        (await client.IntrospectAsync("t")).IsActive.ShouldBeTrue();
        server.Calls.ShouldBe(3);
    }

    [Fact]
    public async Task A_server_that_wants_to_be_left_alone_for_longer_than_anybody_waits_is_not_asked_again()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, 429, "60");
        await using var client = server.Client(options => options.Retries = 2);
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Throttled);
        server.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task One_that_asks_for_fewer_questions_is_asked_once_more_and_no_more()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, 429);
        await using var client = server.Client(options => options.Retries = 5);
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Throttled);
        server.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task A_server_that_fails_all_the_time_is_left_alone_for_a_while()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        await using var client = server.Client(options => options.BreakDuration = TimeSpan.FromMilliseconds(500), _time);
        for (var i = 0; i < 10; i++) (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.ServerError);
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.BreakerOpen);
        server.Calls.ShouldBe(10);

        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Active);
        _time.Advance(TimeSpan.FromMilliseconds(501));
        (await client.IntrospectAsync("t")).IsActive.ShouldBeTrue();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task L25_A_feed_that_fails_from_the_start_makes_no_check_wait_after_the_first(bool isSilent)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => http.Request.Method == "POST" ? OtherServer.AnswerAsync(http, OtherServer.Active)
            : isSilent ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted)
            : OtherServer.RefuseAsync(http, 500);
        await using var client = server.Client(options => options.FeedEndpoint = new Uri(server.Address, "/feed"), _time);
        var first = client.IntrospectAsync("t").AsTask();
        if (isSilent) _time.AdvanceSeconds(2); // More than a try may take.
        (await first.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System)).IsActive.ShouldBeTrue();
        // The clock stands still: whatever waits for it waits for ever.
        (await client.IntrospectAsync("u").AsTask().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System)).IsActive.ShouldBeTrue();
    }

    [Fact]
    public async Task L25_One_that_goes_away_harms_no_other()
    {
        await using var server = await OtherServer.StartAsync();
        var go = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        server.Behavior = async http =>
        {
            arrived.TrySetResult();
            await go.Task;
            await OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        await using var client = server.Client(options => options.TryTimeout = options.Timeout = TimeSpan.FromSeconds(60));
        using var leaving = new CancellationTokenSource();
        var first = client.IntrospectAsync("t", cancellationToken: leaving.Token).AsTask();
        await arrived.Task;
        var second = client.IntrospectAsync("t").AsTask();
        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(first);
        go.SetResult();
        (await second).IsActive.ShouldBeTrue();
        server.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_too_much_is_refused_at_once()
    {
        await using var server = await OtherServer.StartAsync();
        var go = new TaskCompletionSource();
        server.Behavior = async http =>
        {
            await go.Task;
            await OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        await using var client = server.Client(options => (options.MaxConcurrentCalls, options.MaxWaitingCalls, options.TryTimeout, options.Timeout) = (1, 1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60)));
        var (one, two) = (client.IntrospectAsync("1").AsTask(), client.IntrospectAsync("2").AsTask());
        (await client.IntrospectAsync("3")).Fault.ShouldBe(IntrospectionFault.Overloaded);
        go.SetResult();
        (await one).IsActive.ShouldBeTrue();
        (await two).IsActive.ShouldBeTrue();
    }
}

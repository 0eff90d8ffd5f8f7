namespace Touchstone.Client.Tests;

/// <summary>How long answers are used, by policy.</summary>
public sealed class PolicyTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task StaleWhileRevalidate_answers_at_once_and_fetches_beside_it()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.Policy = new() { StaleWhileRevalidate = TimeSpan.FromSeconds(20) }, _time);
        await client.IntrospectAsync("t");
        var fetched = new TaskCompletionSource();
        server.Behavior = http =>
        {
            fetched.TrySetResult();
            return OtherServer.AnswerAsync(http, """{"active":true,"sub":"bob"}""");
        };
        _time.AdvanceSeconds(15);
        var stale = await client.IntrospectAsync("t");
        (stale.Source, stale.Token!.Subject, stale.Age).ShouldBe((IntrospectionSource.Memory, "alice", TimeSpan.FromSeconds(15)));
        await client.IntrospectAsync("t");
        await fetched.Task;
        await UntilAsync(async () => (await client.IntrospectAsync("t")).Token!.Subject == "bob");
        server.Calls.ShouldBe(2, "one refresh, however many used it");
        _time.AdvanceSeconds(31);
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.CannotTell, "beyond it, it is not used");
    }

    [Fact]
    public async Task A_refresh_that_finds_it_inactive_ends_it()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.Policy = new() { StaleWhileRevalidate = TimeSpan.FromSeconds(20) }, _time);
        await client.IntrospectAsync("t");
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        _time.AdvanceSeconds(15);
        (await client.IntrospectAsync("t")).IsActive.ShouldBeTrue();
        await UntilAsync(async () => !(await client.IntrospectAsync("t")).IsActive);
    }

    [Theory]
    [InlineData(1, null, true)]
    [InlineData(0, null, false)]
    [InlineData(1, 0.0, false)]
    [InlineData(0.5, 2.0, true)]
    public async Task RecheckProbability_asks_although_it_need_not(double probability, double? risk, bool asks)
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.Policy = new() { RecheckProbability = probability, RecheckRisk = risk is null ? null : _ => risk.Value }, _time);
        await client.IntrospectAsync("t");
        var again = await client.IntrospectAsync("t");
        (again.IsActive, again.Source).ShouldBe((true, asks ? IntrospectionSource.Server : IntrospectionSource.Memory));
        server.Calls.ShouldBe(asks ? 2 : 1);
    }

    [Fact]
    public async Task A_recheck_that_can_not_ask_uses_what_it_has()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.Policy = new() { RecheckProbability = 1 }, _time);
        await client.IntrospectAsync("t");
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        var result = await client.IntrospectAsync("t");
        (result.IsActive, result.Source, result.Fault).ShouldBe((true, IntrospectionSource.Memory, IntrospectionFault.ServerError));
        _time.AdvanceSeconds(10);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.CannotTell, "it is too old, rechecked or not");
    }

    [Fact]
    public async Task TtlOf_shortens_by_what_is_in_the_answer_and_lengthens_nothing()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.TtlOf = token => token.HasScope("orders:read") ? TimeSpan.FromSeconds(3) : TimeSpan.FromHours(1), _time);
        await client.IntrospectAsync("short");
        server.Behavior = http => OtherServer.AnswerAsync(http, """{"active":true}""");
        await client.IntrospectAsync("long");
        _time.AdvanceSeconds(3);
        (await client.IntrospectAsync("short")).Source.ShouldBe(IntrospectionSource.Server);
        (await client.IntrospectAsync("long")).Source.ShouldBe(IntrospectionSource.Memory);
        _time.AdvanceSeconds(7);
        (await client.IntrospectAsync("long")).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task L22_A_check_that_joins_the_call_of_a_laxer_one_keeps_its_own_rule()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(time: _time);
        await client.IntrospectAsync("t");
        _time.AdvanceSeconds(5);
        (await client.IntrospectAsync("t", client.Policy with { PlainTtl = TimeSpan.FromSeconds(5) })).Source.ShouldBe(IntrospectionSource.Server);
        (await client.IntrospectAsync("t", client.Policy with { PlainTtl = TimeSpan.Zero })).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task L30_A_fill_that_raced_an_invalidation_is_not_kept()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(time: _time);
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Behavior = async http =>
        {
            arrived.TrySetResult();
            await answer.Task;
            await OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        var check = client.IntrospectAsync("t").AsTask();
        await arrived.Task;
        await client.InvalidateAsync("t");
        answer.SetResult();
        (await check).IsActive.ShouldBeTrue();
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        (await client.IntrospectAsync("t")).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task L30_A_check_after_an_invalidation_joins_no_call_from_before_it()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(time: _time);
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Behavior = async http =>
        {
            server.Behavior = other => OtherServer.AnswerAsync(other, OtherServer.Inactive);
            arrived.TrySetResult();
            await answer.Task;
            await OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        var before = client.IntrospectAsync("t").AsTask();
        await arrived.Task;
        await client.InvalidateAsync("t");
        var after = client.IntrospectAsync("t").AsTask();
        answer.SetResult();
        (await before).IsActive.ShouldBeTrue();
        (await after).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task L30_An_invalidation_while_an_answer_is_put_away_is_not_lost()
    {
        await using var server = await OtherServer.StartAsync();
        IntrospectionClient? client = null;
        await using var closing = client = server.Client(options => options.TtlOf = _ =>
        {
            client!.InvalidateAsync("t").AsTask().Wait();
            return null;
        }, _time);
        await client.IntrospectAsync("t");
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        (await client.IntrospectAsync("t")).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task L22_A_check_that_always_asks_uses_no_answer_to_a_call_from_before_it()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(time: _time);
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Behavior = async http =>
        {
            server.Behavior = other => OtherServer.AnswerAsync(other, OtherServer.Inactive);
            arrived.TrySetResult();
            await answer.Task;
            await OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        var lax = client.IntrospectAsync("t").AsTask();
        await arrived.Task;
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var strict = client.IntrospectAsync("t", client.Policy with { PlainTtl = TimeSpan.Zero }).AsTask();
        answer.SetResult();
        (await lax).IsActive.ShouldBeTrue();
        (await strict).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task I16_L22_Zero_asks_always_whatever_StaleWhileRevalidate_says()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options =>
        {
            options.Policy = new() { StaleWhileRevalidate = TimeSpan.FromSeconds(20) };
            options.TtlOf = token => token.Subject == "bob" ? TimeSpan.Zero : null;
        }, _time);
        await client.IntrospectAsync("t");
        (await client.IntrospectAsync("t", client.Policy with { PlainTtl = TimeSpan.Zero })).Source.ShouldBe(IntrospectionSource.Server);
        server.Behavior = http => OtherServer.AnswerAsync(http, """{"active":true,"sub":"bob"}""");
        await client.IntrospectAsync("of bob");
        (await client.IntrospectAsync("of bob")).Source.ShouldBe(IntrospectionSource.Server, "its own content says that it is not used again");
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await holds())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

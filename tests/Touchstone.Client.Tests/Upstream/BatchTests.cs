namespace Touchstone.Client.Tests.Upstream;

/// <summary>Misses that come together are asked about together.</summary>
public sealed class BatchTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Ten_misses_are_one_call_and_each_gets_its_own_answer_and_its_own_end()
    {
        await using var shop = await Shop.OpenAsync();
        await using var batching = Shop.ClientOf(shop.Server, shop.Orders, options => (options.BatchWindow, options.BatchEndpoint) = (Window, new Uri(shop.Server.Address, "/oauth/introspect/batch")));
        var tokens = await Task.WhenAll(Enumerable.Range(0, 9).Select(i => shop.TokenAsync($"u-{i}")));
        var asked = tokens.Append("at.never-seen").Select(token => batching.IntrospectAsync(token).AsTask()).ToArray();
        var results = await Task.WhenAll(asked);
        results.Take(9).Select(result => result.Token!.Subject).ShouldBe(Enumerable.Range(0, 9).Select(i => (string?)$"u-{i}"));
        results[9].Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        foreach (var token in tokens) (await batching.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);

        // Its tag, and that of no other.
        var seq = (await shop.Server.Admin.RevokeAsync(tokens[3])).GetProperty("seq").GetInt64();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (batching.Follower.View.Head.Seq < seq)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        (await batching.IntrospectAsync(tokens[4])).Source.ShouldBe(IntrospectionSource.Memory);
        var revoked = batching.IntrospectAsync(tokens[3]).AsTask();
        shop.Time.Advance(Window);
        (await revoked).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task One_call_for_those_of_one_window_and_none_waits_longer()
    {
        await using var server = await BatchServer.StartAsync();
        await using var client = server.Client(Window);
        var results = await CheckAsync(client, server, 5);
        results.ShouldAllBe(result => result.IsActive);
        (server.Batches, server.Singles).ShouldBe((1, 0));
        results.Select(result => result.Token!.Subject).ShouldBe(["t0", "t1", "t2", "t3", "t4"]);
    }

    [Fact]
    public async Task A_full_batch_does_not_wait()
    {
        await using var server = await BatchServer.StartAsync();
        await using var client = server.Client(TimeSpan.FromSeconds(1), size: 4);
        (await Task.WhenAll(Enumerable.Range(0, 8).Select(i => client.IntrospectAsync($"t{i}").AsTask()))).ShouldAllBe(result => result.IsActive);
        (server.Batches, server.Singles).ShouldBe((2, 0));
    }

    [Fact]
    public async Task One_alone_is_an_ordinary_call()
    {
        await using var server = await BatchServer.StartAsync();
        await using var client = server.Client(Window);
        (await CheckAsync(client, server, 1)).ShouldAllBe(result => result.IsActive);
        (server.Batches, server.Singles).ShouldBe((0, 1));
    }

    [Fact]
    public async Task Without_a_batch_endpoint_each_is_asked_about_alone()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.BatchWindow = Window);
        (await Task.WhenAll(Enumerable.Range(0, 5).Select(i => client.IntrospectAsync($"t{i}").AsTask()))).ShouldAllBe(result => result.IsActive);
        server.Calls.ShouldBe(5);
    }

    [Fact]
    public async Task L25_One_result_that_is_no_answer_is_the_fault_of_its_own_token()
    {
        await using var server = await BatchServer.StartAsync();
        server.ResultOf = token => token == "t1" ? """{"active":"true"}""" : BatchServer.Active(token);
        await using var client = server.Client(Window);
        var results = await CheckAsync(client, server, 3);
        results.Select(result => result.Fault).ShouldBe([IntrospectionFault.None, IntrospectionFault.Malformed, IntrospectionFault.None]);
        results[0].IsActive.ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"results":[{"active":true}]}"""), InlineData("""{"results":{}}"""), InlineData("[]"), InlineData("""{"results":[{"active":true},{"active":true},{"active":true}],"results":[]}"""), InlineData("")]
    public async Task L23_What_is_no_answer_about_these_tokens_is_asked_about_each_alone(string body)
    {
        await using var server = await BatchServer.StartAsync();
        server.Whole = body;
        await using var client = server.Client(Window);
        (await CheckAsync(client, server, 3)).ShouldAllBe(result => result.IsActive);
        (server.Batches, server.Singles).ShouldBe((1, 3));
    }

    [Theory]
    [InlineData(503, IntrospectionFault.ServerError), InlineData(429, IntrospectionFault.Throttled), InlineData(403, IntrospectionFault.Refused)]
    public async Task L25_A_batch_that_fails_fails_for_each_and_nothing_of_it_is_kept(int status, IntrospectionFault fault)
    {
        await using var server = await BatchServer.StartAsync();
        server.Status = status;
        await using var client = server.Client(Window);
        (await CheckAsync(client, server, 3)).ShouldAllBe(result => result.Fault == fault);
        (server.Batches, server.Singles).ShouldBe((1, 0));
        server.Status = 200;
        (await CheckAsync(client, server, 3)).ShouldAllBe(result => result.IsActive);
    }

    [Fact]
    public async Task A_token_that_takes_more_room_than_any_goes_alone()
    {
        await using var server = await BatchServer.StartAsync();
        await using var client = server.Client(TimeSpan.FromSeconds(1), size: 2);
        var all = new[] { "t0", "t1", new string('€', 2000) }.Select(token => client.IntrospectAsync(token).AsTask());
        (await Task.WhenAll(all)).ShouldAllBe(result => result.IsActive);
        (server.Batches, server.Singles).ShouldBe((1, 1));
    }

    [Fact]
    public async Task L25_One_that_goes_away_harms_no_other()
    {
        await using var server = await BatchServer.StartAsync();
        await using var client = server.Client(TimeSpan.FromSeconds(1), size: 2);
        using var leaving = new CancellationTokenSource();
        var gone = client.IntrospectAsync("t0", cancellationToken: leaving.Token).AsTask();
        await leaving.CancelAsync();
        (await client.IntrospectAsync("t1")).IsActive.ShouldBeTrue();
        await Should.ThrowAsync<OperationCanceledException>(() => gone);
        (server.Batches, server.Singles).ShouldBe((1, 0));
    }

    private static async Task<IntrospectionResult[]> CheckAsync(IntrospectionClient client, BatchServer server, int count)
    {
        var all = Task.WhenAll(Enumerable.Range(0, count).Select(i => client.IntrospectAsync($"t{i}").AsTask()));
        // All of them wait in the window now: up to there nothing had to be waited for.
        server.Time.Advance(Window);
        return await all;
    }
}

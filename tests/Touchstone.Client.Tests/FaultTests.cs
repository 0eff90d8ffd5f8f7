using System.Net;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Client.Tests;

/// <summary>A server without a feed, and what becomes of checks when it can't be asked.</summary>
public sealed class FaultTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Without_a_feed_an_answer_is_kept_for_PlainTtl()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(time: _time);
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Memory);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
        server.Calls.ShouldBe(2);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{"active":"true"}""")]
    [InlineData("""{"active":1}""")]
    [InlineData("""{"active":null}""")]
    [InlineData("""{"active":[true]}""")]
    [InlineData("""{"active":true,"active":false}""")]
    [InlineData("""{"active":true,"exp":"never"}""")]
    [InlineData("""{"active":true,"scope":17}""")]
    [InlineData("""{"active":true,"aud":[17]}""")]
    public async Task L23_What_is_no_answer_is_denied_and_not_kept(string body)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, body);
        await using var client = server.Client();
        for (var i = 1; i <= 2; i++)
        {
            var result = await client.IntrospectAsync("t");
            (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Malformed));
            server.Calls.ShouldBe(i);
        }
    }

    [Fact]
    public async Task I46_An_answer_of_another_media_type_is_none()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Active, "text/html");
        await using var client = server.Client();
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Malformed);
    }

    [Fact]
    public async Task An_answer_without_end_is_none()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = async http =>
        {
            http.Response.ContentType = "application/json";
            var piece = new byte[64 << 10];
            piece.AsSpan().Fill((byte)' ');
            for (var i = 0; i < 64 && !http.RequestAborted.IsCancellationRequested; i++) await http.Response.Body.WriteAsync(piece, http.RequestAborted);
        };
        await using var client = server.Client();
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Malformed);
    }

    [Theory]
    [InlineData("""{"active":true,"scope":["a","b"]}""")]
    [InlineData("""{"active":true,"scope":"a b"}""")]
    [InlineData("""{"active":true,"scope":"  a   b "}""")]
    public async Task Scope_may_be_a_text_or_an_array(string body)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, body);
        await using var client = server.Client();
        (await client.IntrospectAsync("t")).Token!.Scopes.ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task L27_A_missing_exp_does_not_keep_an_answer_from_being_kept()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, """{"active":true}""");
        await using var client = server.Client();
        await client.IntrospectAsync("t");
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Memory);
    }

    [Fact]
    public async Task An_answer_whose_exp_is_over_is_inactive()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"active":true,"exp":{{_time.Seconds}}}""");
        await using var client = server.Client(time: _time);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        client.Memory.Count.ShouldBe(0);
    }

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
    public async Task I50_Nothing_is_used_past_its_exp()
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

    [Fact]
    public async Task The_caller_proves_itself_with_every_method()
    {
        await using var server = await OtherServer.StartAsync();
        var seen = new List<string>();
        server.Behavior = async http =>
        {
            var form = await http.Request.ReadFormAsync();
            seen.Add($"{http.Request.Headers.Authorization}|{form["client_id"]}|{form["client_secret"]}|{form["token"]}");
            await OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        var methods = new[] { ClientAuthentication.Basic("r s", "a+b:c"), ClientAuthentication.Post("rs", "secret"), ClientAuthentication.Bearer(_ => new("at.1")) };
        foreach (var method in methods)
        {
            await using var client = server.Client(options => (options.ClientId, options.ClientSecret, options.Authentication) = (null, null, method));
            (await client.IntrospectAsync("t&u=v")).IsActive.ShouldBeTrue();
        }
        seen.ShouldBe(["Basic citzOmElMkJiJTNBYw==|||t&u=v", "|rs|secret|t&u=v", "Bearer at.1|||t&u=v"]);
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

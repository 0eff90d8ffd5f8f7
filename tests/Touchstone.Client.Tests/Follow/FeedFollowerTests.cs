using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Touchstone.Client.Follow;
using Touchstone.Client.Testing;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Tests.Follow;

/// <summary>Following a feed that fails, or answers what no feed answers.</summary>
public sealed class FeedFollowerTests
{
    private readonly ManualTime _time = new();
    private readonly FakeAuthorizationServer _server = new();

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"nonce":"NONCE","head":"HEAD","events":[],"lease_seconds":15}""")]
    [InlineData("""{"nonce":"NONCE","head":"HEAD","events":[],"lease_seconds":15,"offset_ms":9223372036854775807}""")]
    [InlineData("""{"nonce":"NONCE","head":"HEAD","events":[],"lease_seconds":15,"offset_ms":-922337203685477}""")]
    [InlineData("""{"nonce":"NONCE","head":"HEAD","events":[{}],"lease_seconds":15,"offset_ms":0}""")]
    public async Task An_answer_that_is_none_is_followed_by_another_poll(string answer)
    {
        var polls = 0;
        await using var client = Client(new Between(_server.CreateHandler())
        {
            Feed = request => Interlocked.Increment(ref polls) > 1 ? null : new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent(answer.Replace("NONCE", Nonce(request), StringComparison.Ordinal).Replace("HEAD", $"{new string('a', 32)}.0.{Guid.Empty:N}", StringComparison.Ordinal)),
            },
        });
        await FollowsAsync(client);
    }

    [Fact]
    public async Task A_server_that_wants_to_be_left_alone_for_ever_is_asked_again()
    {
        var polls = 0;
        await using var client = Client(new Between(_server.CreateHandler())
        {
            Feed = _ => Interlocked.Increment(ref polls) > 1 ? null : new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { { "Retry-After", "2147483647" } } },
        });
        await FollowsAsync(client);
    }

    [Fact]
    public async Task It_is_no_part_of_the_trace_of_the_check_that_began_it()
    {
        var traces = new ConcurrentQueue<Activity?>();
        await using var client = Client(new Between(_server.CreateHandler())
        {
            Feed = _ =>
            {
                traces.Enqueue(Activity.Current);
                return null;
            },
        });
        using var request = new Activity("a request").Start();
        await client.IntrospectAsync(_server.Issue());
        traces.ShouldNotBeEmpty();
        traces.ShouldAllBe(trace => trace == null);
    }

    [Fact]
    public async Task L30_A_check_joins_no_call_from_before_it_whose_answer_the_feed_says_nothing_of()
    {
        var (arrived, answer, isOut) = (new TaskCompletionSource(), new TaskCompletionSource(), true);
        var calls = 0;
        await using var client = Client(new Between(_server.CreateHandler())
        {
            Feed = _ => Volatile.Read(ref isOut) ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) : null,
            Answered = async () =>
            {
                if (Interlocked.Increment(ref calls) > 1) return;
                arrived.SetResult();
                await answer.Task;
            },
        });
        var token = _server.Issue();
        // 1. Out of touch, a check asks, and gets an answer that is long on its way.
        var before = client.IntrospectAsync(token).AsTask();
        await UntilAsync(() => arrived.Task.IsCompleted);
        // 2. The feed is followed, and says that the token is revoked.
        Volatile.Write(ref isOut, false);
        await FollowsAsync(client);
        await _server.RevokeAsync(token);
        // 3. Whoever comes after that is not given what was said before.
        var after = client.IntrospectAsync(token).AsTask();
        answer.SetResult();
        (await before).IsActive.ShouldBeTrue();
        (await after).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_goes_on_for_longer_than_the_server_knows_also_where_that_becomes_less_and_more()
    {
        var grace = TimeSpan.FromMinutes(5);
        IntrospectionPolicy[] policies = [new() { FailMode = FailMode.StaleIfError, MaxStale = grace }];
        var (told, isOut) = (new ConcurrentQueue<string>(), false);
        await using var client = Client(new Between(_server.CreateHandler())
        {
            Feed = request =>
            {
                told.Enqueue(request.Headers.GetValues("Touchstone-Follower").Single());
                return Volatile.Read(ref isOut) ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) : null;
            },
        }, options => options.PoliciesInUse = () => Volatile.Read(ref policies));

        // 1. It is told with the first poll, before any check.
        await FollowsAsync(client);
        told.ShouldAllBe(name => name.EndsWith(";grace=300", StringComparison.Ordinal));
        IsInGrace().ShouldBeTrue();

        // 2. Less is told with the next poll. The server may have heard that, so it counts at once.
        Volatile.Write(ref isOut, true);
        Volatile.Write(ref policies, []);
        await UntilAsync(() => !told.Last().Contains("grace", StringComparison.Ordinal));
        IsInGrace().ShouldBeFalse();

        // 3. More is told likewise. Whether the server heard that is not known before it answers.
        Volatile.Write(ref policies, [new() { FailMode = FailMode.FailOpen }]);
        await UntilAsync(() => told.Last().EndsWith(";grace=unbounded", StringComparison.Ordinal));
        IsInGrace().ShouldBeFalse();
        Volatile.Write(ref isOut, false);
        await UntilAsync(IsInGrace);

        // As it will be when the lease has been over for a minute.
        bool IsInGrace()
        {
            var (now, later) = (_time.Read(), LeaseTerms.Follower.Duration + TimeSpan.FromMinutes(1));
            return client.Follower.IsInGrace(new ClockReading(now.Monotonic + later, now.Wall + later), grace);
        }
    }

    private IntrospectionClient Client(Between between, Action<TokenIntrospectionOptions>? more = null)
    {
        var options = new TokenIntrospectionOptions { Timeout = TimeSpan.FromMinutes(5), TryTimeout = TimeSpan.FromMinutes(5), Retries = 0 };
        more?.Invoke(options);
        _server.Configure(options);
        options.Backchannel = () => between;
        return new IntrospectionClient(options, time: _time);
    }

    private async Task FollowsAsync(IntrospectionClient client)
    {
        using var stop = new CancellationTokenSource();
        var start = client.StartAsync(stop.Token);
        await UntilAsync(() => client.Status.Feed is FeedState.Followed);
        await stop.CancelAsync();
        await Should.NotThrowAsync(async () => await Task.WhenAny(start));
    }

    // Time goes on until it holds; every pause of the follower ends by that.
    private async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            patience.Token.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }
    }

    private static string Nonce(HttpRequestMessage request) => request.RequestUri!.Query.TrimStart('?').Split('&').Single(part => part.StartsWith("nonce=", StringComparison.Ordinal))["nonce=".Length..];

    /// <summary>Stands between a client and its server.</summary>
    private sealed class Between(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        /// <summary>What a poll is answered; null: what the server says.</summary>
        internal Func<HttpRequestMessage, HttpResponseMessage?> Feed { get; init; } = static _ => null;

        /// <summary>What answers about tokens wait for.</summary>
        internal Func<Task> Answered { get; init; } = static () => Task.CompletedTask;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath.EndsWith("/feed", StringComparison.Ordinal) && Feed(request) is { } answer) return answer;
            var response = await base.SendAsync(request, cancellationToken);
            if (request.Method == HttpMethod.Post) await Answered();
            return response;
        }
    }
}

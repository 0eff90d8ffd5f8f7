using System.Security.Cryptography;
using Microsoft.Extensions.Caching.Distributed;
using Touchstone.Client.Shared;

namespace Touchstone.Client.Tests.Shared;

/// <summary>Two processes that share a cache, in one.</summary>
public sealed class SharedCacheTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32), OtherKey = RandomNumberGenerator.GetBytes(32);

    private readonly RecordingCache _cache = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task What_one_was_told_the_other_need_not_ask()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await using var other = Client(server);
        (await one.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
        await _cache.Written;
        var result = await other.IntrospectAsync("t");
        (result.Source, result.Token!.Subject, result.Token.Scopes[0]).ShouldBe((IntrospectionSource.Shared, "alice", "orders:read"));
        (await other.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Memory);
        server.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task F11_L29_No_raw_token_and_nothing_of_the_answer_can_be_read_there()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await one.IntrospectAsync("a token of some length");
        await _cache.Written;
        var (name, value) = _cache.Entries.Single();
        name.ShouldStartWith("introspection:v1:");
        name.Length.ShouldBe("introspection:v1:".Length + 64);
        var text = System.Text.Encoding.Latin1.GetString(value);
        (text + name).ShouldNotContain("a token");
        text.ShouldNotContain("alice");
    }

    [Fact]
    public async Task L29_A_value_that_fails_its_check_is_a_miss()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        var (name, value) = _cache.Entries.Single();
        for (var at = 0; at < value.Length; at += 7)
        {
            var changed = value.ToArray();
            changed[at] ^= 1;
            _cache.Set(name, changed);
            await using var other = Client(server);
            (await other.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server, $"byte {at}");
            other.Shared!.Lookups(SharedLookup.Invalid).ShouldBe(1);
        }
        foreach (var garbage in new byte[][] { [], [1], new byte[33], RandomNumberGenerator.GetBytes(200) })
        {
            _cache.Set(name, garbage);
            await using var other = Client(server);
            (await other.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
        }
    }

    [Fact]
    public async Task L29_A_value_under_the_name_of_another_token_is_a_miss()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        var good = _cache.Entries.Single();
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        await using var other = Client(server);
        await other.IntrospectAsync("revoked");
        var asked = _cache.Asked.Last();
        asked.ShouldNotBe(good.Key);
        _cache.Set(asked, good.Value);
        await using var third = Client(server);
        (await third.IntrospectAsync("revoked")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task L20_L21_Another_caller_another_server_and_another_secret_find_nothing()
    {
        await using var server = await OtherServer.StartAsync();
        await using var second = await OtherServer.StartAsync();
        await using var one = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        await using var otherCaller = Client(server, options => options.ClientId = "rs-2");
        await using var otherServer = Client(second);
        await using var otherSecret = Client(server, options => options.SharedCache!.Key = OtherKey);
        await using var otherProof = Client(server, options => (options.ClientSecret, options.Authentication) = (null, ClientAuthentication.Bearer(_ => new("a token of somebody"))));
        foreach (var other in new[] { otherCaller, otherServer, otherSecret, otherProof }) (await other.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task What_this_process_was_told_to_be_inactive_is_not_made_active_by_what_could_not_be_removed()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        _time.AdvanceSeconds(12);
        (server.Behavior, _cache.Fault) = (http => OtherServer.AnswerAsync(http, OtherServer.Inactive), new IOException("down"));
        (await one.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        _cache.Fault = null;
        _time.AdvanceSeconds(6);
        var later = await one.IntrospectAsync("t");
        (later.Outcome, later.Source).ShouldBe((IntrospectionOutcome.Inactive, IntrospectionSource.Server));
    }

    [Fact]
    public async Task A_client_that_says_to_be_somebody_else_than_it_proves_is_not_made()
    {
        await using var server = await OtherServer.StartAsync();
        Should.Throw<ArgumentException>(() => Client(server, options => (options.ClientSecret, options.Authentication) = (null, ClientAuthentication.Basic("somebody else", "s")))).Message.ShouldContain("ClientId");
    }

    [Fact]
    public async Task The_secret_can_be_changed()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        await using var other = Client(server, options => (options.SharedCache!.Key, options.SharedCache.PreviousKey) = (OtherKey, Key));
        (await other.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Shared);
    }

    [Fact]
    public async Task Without_a_feed_an_answer_becomes_no_older_than_the_cache_says()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await using var other = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        _time.AdvanceSeconds(55);
        (await other.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Shared);
        _time.AdvanceSeconds(4);
        var late = await other.IntrospectAsync("t");
        (late.Source, late.Age).ShouldBe((IntrospectionSource.Memory, TimeSpan.FromSeconds(59)));
        _time.AdvanceSeconds(1);
        (await other.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task L22_A_token_whose_exp_is_over_is_not_used_and_the_rule_of_the_reader_counts()
    {
        await using var server = await OtherServer.StartAsync();
        var expires = _time.Seconds + 20;
        server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"active":true,"exp":{{expires}}}""");
        await using var one = Client(server);
        await using var other = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        _time.AdvanceSeconds(5);
        (await other.IntrospectAsync("t", other.Policy with { PlainTtl = TimeSpan.Zero })).Source.ShouldBe(IntrospectionSource.Server);
        _time.AdvanceSeconds(15);
        (await other.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task L25_Inactive_answers_and_faults_are_not_kept_there()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        await one.IntrospectAsync("t");
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        await one.IntrospectAsync("t");
        _cache.Entries.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_revocation_that_the_feed_tells_of_ends_what_lies_in_the_cache()
    {
        await using var shop = await Shop.OpenAsync(With);
        await using var other = Shop.ClientOf(shop.Server, shop.Orders, With);
        var (token, warm) = (await shop.TokenAsync(), await shop.TokenAsync());
        await other.IntrospectAsync(warm);
        await shop.CheckAsync(token);
        await _cache.Written;
        (await other.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Shared);
        var known = other.Follower.View.Head.Seq;
        await shop.Server.Admin.RevokeAsync(token);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (other.Follower.View.Head.Seq == known)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        _cache.Entries.ShouldNotBeEmpty("it lies there still");
        (await other.IntrospectAsync(token)).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task A_cache_that_fails_changes_nothing_and_is_soon_left_alone()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        _cache.Fault = new IOException("down");
        for (var i = 0; i < 50; i++) (await one.IntrospectAsync("t" + i)).Source.ShouldBe(IntrospectionSource.Server);
        one.Shared!.Breaker.CircuitState.ShouldBe(Polly.CircuitBreaker.CircuitState.Open);
        _cache.Asked.Count.ShouldBeLessThan(50);
        _cache.Fault = null;
        _time.AdvanceSeconds(3);
        await one.IntrospectAsync("u");
        one.Shared.Breaker.CircuitState.ShouldBe(Polly.CircuitBreaker.CircuitState.Closed);
    }

    [Fact]
    public async Task A_cache_that_never_answers_costs_the_deadline()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        _cache.Hangs = true;
        var check = one.IntrospectAsync("t").AsTask();
        await _cache.Reached;
        check.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(20));
        (await check).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task What_is_invalidated_goes_there_too()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        await one.InvalidateAsync("t");
        _cache.Entries.ShouldBeEmpty();
    }

    [Fact]
    public async Task L30_What_was_on_its_way_from_there_when_it_was_invalidated_is_not_used()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await using var other = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        var gate = _cache.Gate = new TaskCompletionSource();
        var check = other.IntrospectAsync("t").AsTask();
        await _cache.Reached;
        await other.InvalidateAsync("t");
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        gate.SetResult();
        await check;
        (await other.IntrospectAsync("t")).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task L30_What_could_not_be_removed_there_is_not_used_here()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        _cache.Fault = new IOException("down");
        await one.InvalidateAsync("t");
        _cache.Fault = null;
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        (await one.IntrospectAsync("t")).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task L22_A_check_whose_rule_is_stricter_than_the_client_s_is_not_given_what_is_older()
    {
        await using var server = await OtherServer.StartAsync();
        await using var one = Client(server);
        await using var other = Client(server);
        await one.IntrospectAsync("t");
        await _cache.Written;
        _time.AdvanceSeconds(30);
        (await other.IntrospectAsync("t", other.Policy with { PlainTtl = TimeSpan.FromSeconds(2) })).Source.ShouldBe(IntrospectionSource.Server);
    }

    private IntrospectionClient Client(OtherServer server, Action<TokenIntrospectionOptions>? more = null) => server.Client(options =>
    {
        With(options);
        more?.Invoke(options);
    }, _time);

    private void With(TokenIntrospectionOptions options) => options.SharedCache = new SharedCacheOptions { Cache = _cache, Key = Key };
}

using Touchstone.Client.Follow;

namespace Touchstone.Client.Tests;

/// <summary>The client at a real server, with the feed.</summary>
public sealed class IntrospectionClientTests
{
    [Fact]
    public async Task I16_An_answer_is_kept_and_the_next_check_asks_nobody()
    {
        await using var shop = await Shop.OpenAsync();
        var token = await shop.TokenAsync();
        var first = await shop.CheckAsync(token);
        (first.Outcome, first.Source).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Server));
        first.Token!.Subject.ShouldBe("u-4821");
        first.Token.Scopes.ShouldBe(["orders:read"]);
        first.Token.Audience.ShouldBe([Shop.Api]);
        first.Token.HasScope("orders:write").ShouldBeFalse();

        var second = await shop.CheckAsync(token);
        (second.Outcome, second.Source, second.Token).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Memory, first.Token));
    }

    [Fact]
    public async Task I52_A_revocation_ends_what_is_kept()
    {
        await using var shop = await Shop.OpenAsync();
        var (revoked, other) = (await shop.TokenAsync(), await shop.TokenAsync());
        (await shop.CheckAsync(revoked)).IsActive.ShouldBeTrue();
        (await shop.CheckAsync(other)).IsActive.ShouldBeTrue();

        var seq = (await shop.Server.Admin.RevokeAsync(revoked)).GetProperty("seq").GetInt64();
        await shop.KnowsAsync(seq);
        var after = await shop.CheckAsync(revoked);
        (after.Outcome, after.Source).ShouldBe((IntrospectionOutcome.Inactive, IntrospectionSource.Server));
        (await shop.CheckAsync(other)).Source.ShouldBe(IntrospectionSource.Memory);
    }

    [Fact]
    public async Task A_revocation_of_a_subject_ends_all_its_tokens_and_no_other()
    {
        await using var shop = await Shop.OpenAsync();
        var (one, two, other) = (await shop.TokenAsync(), await shop.TokenAsync(), await shop.TokenAsync("u-17"));
        foreach (var token in new[] { one, two, other }) (await shop.CheckAsync(token)).IsActive.ShouldBeTrue();
        var answer = await shop.Server.Admin.PostAsync("/admin/revocations", new { sub = "u-4821" });
        await shop.KnowsAsync(answer.Json.GetProperty("seq").GetInt64());
        (await shop.CheckAsync(one)).IsActive.ShouldBeFalse();
        (await shop.CheckAsync(two)).IsActive.ShouldBeFalse();
        (await shop.CheckAsync(other)).Source.ShouldBe(IntrospectionSource.Memory);
    }

    [Fact]
    public async Task I17_I48_L22_What_is_kept_ends_with_the_token()
    {
        await using var shop = await Shop.OpenAsync();
        var token = await shop.TokenAsync(seconds: 10);
        (await shop.CheckAsync(token)).IsActive.ShouldBeTrue();
        shop.Time.AdvanceSeconds(9);
        (await shop.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        shop.Time.AdvanceSeconds(1);
        var after = await shop.CheckAsync(token);
        (after.Outcome, after.Source).ShouldBe((IntrospectionOutcome.Inactive, IntrospectionSource.Server));
    }

    [Fact]
    public async Task I16_I48_Followed_answers_are_kept_for_MaxTtl_and_a_check_may_want_less()
    {
        await using var shop = await Shop.OpenAsync();
        var token = await shop.TokenAsync();
        await shop.CheckAsync(token);
        shop.Time.AdvanceSeconds(5);
        (await shop.CheckAsync(token, shop.Client.Policy with { MaxTtl = TimeSpan.FromSeconds(5) })).Source.ShouldBe(IntrospectionSource.Server);
        (await shop.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        (await shop.CheckAsync(token, shop.Client.Policy with { MaxTtl = TimeSpan.Zero })).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task I49_Inactive_is_kept_for_a_moment()
    {
        await using var shop = await Shop.OpenAsync();
        (await shop.CheckAsync("at.never-seen")).Source.ShouldBe(IntrospectionSource.Server);
        (await shop.CheckAsync("at.never-seen")).Source.ShouldBe(IntrospectionSource.Memory);
        shop.Time.AdvanceSeconds(5);
        (await shop.CheckAsync("at.never-seen")).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task I48_I52_When_the_lease_is_over_every_check_is_asked_and_what_is_kept_waits()
    {
        await using var shop = await Shop.OpenAsync();
        var token = await shop.TokenAsync();
        await shop.CheckAsync(token);
        shop.Freshness.ShouldBe(Freshness.Followed);
        // The clock jumps over the lease: no poll was answered since, as when the feed is cut off.
        shop.Time.AdvanceSeconds(60);
        shop.Freshness.ShouldBe(Freshness.Lapsed);
        (await shop.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task A_caller_that_is_disabled_is_told_nothing_more()
    {
        await using var shop = await Shop.OpenAsync();
        var token = await shop.TokenAsync();
        (await shop.CheckAsync(token)).IsActive.ShouldBeTrue();
        var head = shop.Client.Follower.View.Head.Seq;
        await shop.Server.Admin.ChangeAsync("rs-orders", "disable");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (shop.Freshness is Freshness.Followed && shop.Client.Follower.View.Head.Seq == head)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        var after = await shop.CheckAsync(token);
        (after.Outcome, after.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Refused));
    }

    [Fact]
    public async Task L20_Two_clients_share_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        var billing = await shop.Server.Admin.AddClientAsync(new { client_id = "rs-billing", kind = "resource-server", audience = new[] { "https://billing.acme.test/" } });
        await using var other = Shop.ClientOf(shop.Server, billing);
        var token = await shop.TokenAsync();
        for (var i = 0; i < 2; i++)
        {
            (await shop.CheckAsync(token)).IsActive.ShouldBeTrue();
            (await other.IntrospectAsync(token)).IsActive.ShouldBeFalse();
        }
    }

    [Fact]
    public async Task What_was_invalidated_is_asked_again()
    {
        await using var shop = await Shop.OpenAsync();
        var token = await shop.TokenAsync();
        await shop.CheckAsync(token);
        (await shop.Client.InvalidateAsync(token)).ShouldBeTrue();
        (await shop.Client.InvalidateAsync(token)).ShouldBeFalse();
        (await shop.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task Many_checks_at_once_make_one_call_for_each_token()
    {
        await using var shop = await Shop.OpenAsync();
        var tokens = new List<string>();
        for (var i = 0; i < 20; i++) tokens.Add(await shop.TokenAsync());
        var results = await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => Task.Run(() => shop.CheckAsync(tokens[i % tokens.Count]))));
        results.ShouldAllBe(result => result.IsActive);
        shop.Client.Held.Active.Count.ShouldBe(20);
        results.Select(result => result.Token).Distinct().Count().ShouldBe(20, "one call gives one object");
    }

    [Fact]
    public async Task A_text_that_no_token_can_be_is_not_asked_about()
    {
        await using var shop = await Shop.OpenAsync();
        foreach (var text in new[] { "", new string('a', 70_000) })
        {
            var result = await shop.CheckAsync(text);
            (result.Outcome, result.Source).ShouldBe((IntrospectionOutcome.Inactive, IntrospectionSource.Shape));
        }
    }
}

using System.Text.Json;
using Touchstone.Server.Feed;

namespace Touchstone.Server.Tests.Feed;

/// <summary>The receipt of a revocation: who can no longer accept what it ended, and who follows.</summary>
public sealed class ReceiptTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_follower_that_comes_back_has_confirmed()
    {
        await using var acme = await Acme.StartAsync();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var token = await acme.TokenAsync();
        var waiting = poller.PollAsync(wait: 5);
        await FeedWaitingTests.WaitingAsync(acme, 1);
        var revoking = acme.Admin.PostAsync(AdminCalls.Revocations + "?wait=10", new { token });
        await waiting.WaitAsync(Patience);
        revoking.IsCompleted.ShouldBeFalse();
        await poller.PollAsync();

        var answer = (await revoking.WaitAsync(Patience)).ShouldBeJson(200).Json;
        var seq = answer.GetProperty("revocations")[0].GetProperty("seq").GetInt64();
        var receipt = answer.GetProperty("receipt");
        receipt.GetProperty("seq").GetInt64().ShouldBe(seq);
        receipt.GetProperty("complete").GetBoolean().ShouldBeTrue();
        receipt.GetProperty("nodes").GetProperty("confirmed").GetInt32().ShouldBe(1);
        receipt.GetProperty("followers").GetProperty("confirmed").GetInt32().ShouldBe(1);
        var party = receipt.GetProperty("followers").GetProperty("items")[0];
        party.GetProperty("caller").GetString().ShouldBe(acme.Orders.Id);
        party.GetProperty("instance").GetString().ShouldBe(poller.Instance);
        party.GetProperty("state").GetString().ShouldBe("confirmed");

        // And read again.
        var again = (await acme.Admin.GetAsync($"/admin/revocations/{seq}/receipt")).ShouldBeJson(200).Json;
        again.ToString().ShouldBe(receipt.ToString());
    }

    [Fact]
    public async Task A_follower_that_stays_away_is_pending_until_its_lease_is_over()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "Who is silent is found out by the time of the database there: Nodes.ReceiptAcrossNodesTests.");
        await using var acme = await Acme.StartAsync();
        await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var receipt = await RevokeAsync(acme, wait: 0);
        receipt.GetProperty("complete").GetBoolean().ShouldBeFalse();
        receipt.GetProperty("followers").GetProperty("pending").GetInt32().ShouldBe(1);
        receipt.GetProperty("complete_by").GetInt64().ShouldBe(acme.Time.Seconds + 18);

        acme.Time.Advance(TimeSpan.FromMilliseconds(15_499));
        (await ReadAsync(acme, receipt)).GetProperty("complete").GetBoolean().ShouldBeFalse();
        acme.Time.Advance(TimeSpan.FromMilliseconds(1));
        var over = await ReadAsync(acme, receipt);
        over.GetProperty("complete").GetBoolean().ShouldBeTrue();
        over.GetProperty("followers").GetProperty("lapsed").GetInt32().ShouldBe(1);
        over.GetProperty("elapsed_ms").GetInt64().ShouldBe(15_500);
    }

    [Fact]
    public async Task Who_goes_on_without_a_lease_is_waited_for_as_long_as_it_says()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "Who is silent is found out by the time of the database there: Nodes.ReceiptAcrossNodesTests.");
        await using var acme = await Acme.StartAsync();
        await new Poller(acme.Server.Http, acme.Orders) { More = ";grace=30" }.StartedAsync();
        await new Poller(acme.Server.Http, acme.Billing) { More = ";grace=unbounded" }.StartedAsync();
        var receipt = await RevokeAsync(acme, wait: 0);
        receipt.TryGetProperty("complete_by", out _).ShouldBeFalse();
        acme.Time.AdvanceSeconds(46);
        var later = await ReadAsync(acme, receipt);
        later.GetProperty("followers").GetProperty("lapsed").GetInt32().ShouldBe(1);
        later.GetProperty("followers").GetProperty("pending").GetInt32().ShouldBe(1);
        later.GetProperty("complete").GetBoolean().ShouldBeFalse();

        // For an hour, and no longer: it may be gone, and would be waited for for ever.
        acme.Time.Advance(Followers.KeptFor);
        acme.Time.Advance(FollowerClock.Period);
        var atLast = await ReadAsync(acme, receipt);
        atLast.GetProperty("followers").GetProperty("lapsed").GetInt32().ShouldBe(2);
        atLast.GetProperty("complete").GetBoolean().ShouldBeTrue();
        (await RevokeAsync(acme, wait: 0)).GetProperty("complete").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_process_that_was_started_anew_confirms_nothing_for_the_one_before()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "Who is silent is found out by the time of the database there: Nodes.ReceiptAcrossNodesTests.");
        await using var acme = await Acme.StartAsync();
        await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var receipt = await RevokeAsync(acme, wait: 0);
        var restarted = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        await restarted.PollAsync();
        (await ReadAsync(acme, receipt)).GetProperty("followers").GetProperty("pending").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Without_followers_it_is_complete_at_once_and_says_who_asks_without_following()
    {
        await using var acme = await Acme.StartAsync();
        await acme.OAuth.IntrospectAsync("x", acme.Billing);
        await new Poller(acme.Server.Http, acme.Orders).IntrospectAsync("x");
        var receipt = await RevokeAsync(acme, wait: 30);
        receipt.GetProperty("complete").GetBoolean().ShouldBeTrue();
        receipt.GetProperty("unfollowed").EnumerateArray().Select(id => id.GetString()).ShouldBe([acme.Billing.Id]);
        acme.Time.AdvanceSeconds(601);
        (await RevokeAsync(acme, wait: 0)).GetProperty("unfollowed").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_revocation_that_is_repeated_gets_the_receipt_of_the_row_that_exists()
    {
        await using var acme = await Acme.StartAsync();
        var token = await acme.TokenAsync();
        var first = (await acme.Admin.PostAsync(AdminCalls.Revocations + "?wait=0", new { token })).Json;
        var second = (await acme.Admin.PostAsync(AdminCalls.Revocations + "?wait=0", new { token })).Json;
        second.GetProperty("revocations")[0].GetProperty("status").GetString().ShouldBe("already_revoked");
        second.GetProperty("receipt").GetProperty("id").GetString().ShouldBe(first.GetProperty("receipt").GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("wait=31")]
    [InlineData("wait=-1")]
    [InlineData("wait=")]
    [InlineData("wait=1&wait=2")]
    [InlineData("wait=1&dry_run=true")]
    [InlineData("waits=1")]
    [InlineData("wait=1&dryrun=true")]
    public async Task A_query_that_is_not_understood_ends_nothing(string query)
    {
        await using var acme = await Acme.StartAsync();
        var token = await acme.TokenAsync();
        (await acme.Admin.PostAsync($"{AdminCalls.Revocations}?{query}", new { token })).Status.ShouldBe(400);
        (await acme.OAuth.IsActiveAsync(token, acme.Orders)).ShouldBeTrue();
    }

    [Fact]
    public async Task There_is_no_receipt_of_what_was_not_written()
    {
        await using var acme = await Acme.StartAsync();
        (await acme.Admin.PostAsync(AdminCalls.Revocations + "?wait=5", new { token = "tst_at_mistyped" })).Json.TryGetProperty("receipt", out _).ShouldBeFalse();
        foreach (var seq in (string[])["99", "x", "-1"]) (await acme.Admin.GetAsync($"/admin/revocations/{seq}/receipt")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Of_an_old_revocation_is_told_what_is_known_now()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "Who is silent is found out by the time of the database there: Nodes.ReceiptAcrossNodesTests.");
        await using var acme = await Acme.StartAsync();
        var seq = (await acme.Admin.RevokeAsync(await acme.TokenAsync())).GetProperty("seq").GetInt64();
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        await poller.PollAsync();
        var receipt = (await acme.Admin.GetAsync($"/admin/revocations/{seq}/receipt")).ShouldBeJson(200).Json;
        receipt.GetProperty("complete").GetBoolean().ShouldBeTrue();
        receipt.TryGetProperty("elapsed_ms", out _).ShouldBeFalse();
    }

    private static async Task<JsonElement> RevokeAsync(Acme acme, int wait) =>
        (await acme.Admin.PostAsync($"{AdminCalls.Revocations}?wait={wait}", new { token = await acme.TokenAsync() })).ShouldBeJson(200).Json.GetProperty("receipt");

    private static async Task<JsonElement> ReadAsync(Acme acme, JsonElement receipt) => (await acme.Admin.GetAsync($"/admin/revocations/{receipt.GetProperty("seq").GetInt64()}/receipt")).ShouldBeJson(200).Json;
}

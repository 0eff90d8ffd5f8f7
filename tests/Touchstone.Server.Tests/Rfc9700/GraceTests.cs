using System.Security.Cryptography;

namespace Touchstone.Server.Tests.Rfc9700;

/// <summary>The second use that is forgiven for some seconds, where that is turned on (F-07).</summary>
public sealed class GraceTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task F07_It_is_off_by_default_and_at_most_a_minute()
    {
        new ServerOptions().RefreshTokens.ReuseGrace.ShouldBe(TimeSpan.Zero);
        await Should.ThrowAsync<Exception>(() => RefreshAcme.StartAsync(options => options.RefreshTokens.ReuseGrace = TimeSpan.FromSeconds(61)));
    }

    [Fact]
    public async Task F07_A_client_whose_answer_got_lost_gets_the_same_refresh_token_again_and_a_fresh_access_token()
    {
        await using var acme = await StartAsync();
        var (_, old, _) = await acme.IssueAsync(acme.App);
        var (access, next) = await acme.RefreshAsync(old, acme.App);
        for (var i = 0; i < 3; i++)
        {
            acme.Time.Advance(TimeSpan.FromSeconds(3));
            var (again, same) = await acme.RefreshAsync(old, acme.App, ("scope", "orders:read"));
            same.ShouldBe(next);
            again.ShouldNotBe(access);
            (await acme.RecordAsync(again)).GetProperty("scope").GetString().ShouldBe("orders:read");
            (await acme.IsActiveAsync(again)).ShouldBeTrue();
        }
        (await acme.IsActiveAsync(access)).ShouldBeTrue();
        (await acme.OAuth.IsActiveAsync(old, acme.App)).ShouldBeFalse(); // Used is used.
        await acme.RefreshAsync(next, acme.App);
    }

    [Fact]
    public async Task F07_After_it_a_second_use_is_a_reuse()
    {
        await using var acme = await StartAsync();
        var (_, old, _) = await acme.IssueAsync(acme.App);
        var (access, next) = await acme.RefreshAsync(old, acme.App);
        acme.Time.Advance(Grace);
        await acme.RefreshAsync(old, acme.App);
        acme.Time.Advance(TimeSpan.FromSeconds(1));
        await EndsAsync(acme, old, access, next);
    }

    [Fact]
    public async Task F07_Once_the_new_one_was_used_a_second_use_of_the_old_one_is_a_reuse()
    {
        await using var acme = await StartAsync();
        var (_, old, _) = await acme.IssueAsync(acme.App);
        var (access, next) = await acme.RefreshAsync(old, acme.App);
        var (_, newest) = await acme.RefreshAsync(next, acme.App);
        await EndsAsync(acme, old, access, newest);
    }

    [Fact]
    public async Task F07_Another_client_is_not_forgiven_and_what_was_ended_is_not_told_again()
    {
        await using var acme = await StartAsync();
        var (_, old, grant) = await acme.IssueAsync(acme.App);
        var (access, _) = await acme.RefreshAsync(old, acme.App);
        (await acme.OAuth.RefreshAsync(old, acme.Phone)).ShouldBeError(400, "invalid_grant");
        (await acme.IsActiveAsync(access)).ShouldBeTrue();
        await acme.Admin.PostAsync(AdminCalls.Revocations, new { grant });
        (await acme.OAuth.RefreshAsync(old, acme.App)).ShouldBeError(400, "invalid_grant");
    }

    [Fact]
    public async Task F07_What_was_used_before_it_was_turned_on_is_not_forgiven()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        string old, secret;
        await using (var before = await TestServer.StartAsync(data: folder.Path, time: time))
        {
            secret = (await before.Admin.AddClientAsync(new { client_id = "app", kind = "client", audience = new[] { Acme.OrdersApi }, scope = "a", grants = new { grant_types = new[] { "refresh_token" } } })).Secret!;
            old = (await before.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app", scope = "a", refresh = true })).Json.GetProperty("refresh_token").GetString()!;
            (await before.OAuth.RefreshAsync(old, new TestClient("app", secret))).ShouldBeJson(200);
        }
        await using var after = await TestServer.StartAsync(options => options.RefreshTokens.ReuseGrace = Grace, data: folder.Path, time: time);
        (await after.OAuth.RefreshAsync(old, new TestClient("app", secret))).ShouldBeError(400, "invalid_grant");
    }

    [Fact]
    public async Task F07_L05_Of_200_uses_at_once_all_get_the_same_refresh_token_and_nobody_is_locked_out()
    {
        await using var acme = await StartAsync();
        var (_, old, _) = await acme.IssueAsync(acme.App);
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => acme.RefreshAsync(old, acme.App))));
        var next = answers.Select(answer => answer.Refresh).Distinct().ShouldHaveSingleItem();
        answers.Select(answer => answer.Access).Distinct().Count().ShouldBe(200);
        foreach (var (access, _) in answers.Take(5)) (await acme.IsActiveAsync(access)).ShouldBeTrue();
        await acme.RefreshAsync(next, acme.App);
    }

    [Fact]
    public void F05_T08_The_new_one_follows_from_the_old_one_its_family_and_the_secret_and_from_nothing_less()
    {
        var options = new ServerOptions();
        options.RefreshTokens.ReuseGrace = Grace;
        var format = options.TokenFormat;
        TokenIssue.Refresh.RefreshSuccessors With(byte[] secret) => new(new TokenIssue.TokenIssuer(format, null!, null!, options, TimeProvider.System), format, options) { Secret = secret };
        var (one, two) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32));
        var next = With(one).Of("old", "grant");
        next.ShouldMatch("^tst_rt_[0-9A-Za-z]{49}$");
        With(one).Of("old", "grant").ShouldBe(next);
        string[] all = [next, With(one).Of("oldg", "rant"), With(one).Of("olD", "grant"), With(one).Of("old", "grants"), With(two).Of("old", "grant")];
        all.Distinct().Count().ShouldBe(5);
        options.RefreshTokens.ReuseGrace = TimeSpan.Zero;
        With(one).Of("old", "grant").ShouldNotBe(With(one).Of("old", "grant"));
    }

    private static Task<RefreshAcme> StartAsync() => RefreshAcme.StartAsync(options => options.RefreshTokens.ReuseGrace = Grace);

    private static async Task EndsAsync(RefreshAcme acme, string old, string access, string next)
    {
        (await acme.OAuth.RefreshAsync(old, acme.App)).ShouldBeError(400, "invalid_grant");
        (await acme.IsActiveAsync(access)).ShouldBeFalse();
        (await acme.OAuth.RefreshAsync(next, acme.App)).ShouldBeError(400, "invalid_grant");
    }
}

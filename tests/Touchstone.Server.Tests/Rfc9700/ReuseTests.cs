using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Rfc9700;

/// <summary>Rotation, and what becomes of a refresh token that comes again (RFC 9700 §4.14.2).</summary>
public sealed class ReuseTests : IAsyncLifetime
{
    private RefreshAcme _acme = null!;

    public async ValueTask InitializeAsync() => _acme = await RefreshAcme.StartAsync();

    public async ValueTask DisposeAsync() => await _acme.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task F01_F02_F14_The_old_one_after_rotation_is_invalid_grant_and_ends_the_whole_family(bool isPublic)
    {
        var client = isPublic ? _acme.Phone : _acme.App;
        var (first, old, grant) = await _acme.IssueAsync(client);
        var other = await _acme.IssueAsync(client);
        var (second, middle) = await _acme.RefreshAsync(old, client);
        var (third, newest) = await _acme.RefreshAsync(middle, client);
        foreach (var access in (string[])[first, second, third]) (await _acme.IsActiveAsync(access)).ShouldBeTrue();

        (await _acme.OAuth.RefreshAsync(old, client)).ShouldBeError(400, "invalid_grant");
        foreach (var access in (string[])[first, second, third]) (await _acme.IsActiveAsync(access)).ShouldBeFalse();
        (await _acme.OAuth.RefreshAsync(newest, client)).ShouldBeError(400, "invalid_grant");
        var row = (await _acme.Admin.LookUpAsync(newest)).GetProperty("revocation");
        row.GetProperty("selector").GetString().ShouldBe("grant:" + grant);
        row.GetProperty("actor").GetString().ShouldBe("touchstone");
        row.GetProperty("reason").GetString().ShouldBe("a refresh token was used twice");
        // What the client has of another grant lives on.
        (await _acme.IsActiveAsync(other.Access)).ShouldBeTrue();
        await _acme.RefreshAsync(other.Refresh, client);
    }

    [Fact]
    public async Task F06_A_reuse_is_told_once_to_the_audit_the_log_and_the_feed_and_names_no_token()
    {
        var (_, old, grant) = await _acme.IssueAsync(_acme.App);
        await _acme.RefreshAsync(old, _acme.App);
        var before = (await _acme.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
        for (var i = 0; i < 3; i++) (await _acme.OAuth.RefreshAsync(old, _acme.App)).ShouldBeError(400, "invalid_grant");

        _acme.Server.Logs.Lines.Count(line => line.Text.Contains("used a second time")).ShouldBe(1);
        _acme.Server.Logs.Lines.Select(line => line.Text).ShouldNotContain(line => line.Contains(old));
        (await _acme.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString().ShouldNotBe(before);
        var metrics = (await _acme.OAuth.GetAsync("/metrics")).Text;
        metrics.ShouldContain("refresh_token_reuse");
        (await _acme.Admin.LookUpAsync(old)).GetProperty("use").GetProperty("grant").GetString().ShouldBe(grant);
    }

    [Fact]
    public async Task L05_F06_Of_200_uses_at_once_one_wins_and_its_family_is_ended_when_the_others_have_their_answer()
    {
        for (var round = 0; round < 3; round++)
        {
            var (_, old, _) = await _acme.IssueAsync(_acme.App);
            var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => _acme.OAuth.RefreshAsync(old, _acme.App))));
            var winner = answers.Where(answer => answer.Status == 200).ShouldHaveSingleItem().Json;
            foreach (var answer in answers.Where(answer => answer.Status != 200)) answer.ShouldBeError(400, "invalid_grant");
            (await _acme.IsActiveAsync(winner.GetProperty("access_token").GetString()!)).ShouldBeFalse();
            (await _acme.OAuth.RefreshAsync(winner.GetProperty("refresh_token").GetString()!, _acme.App)).ShouldBeError(400, "invalid_grant");
        }
    }

    [Fact]
    public async Task F02_I12_A_used_one_is_inactive_though_it_was_active_a_moment_before_and_looks_like_any_other()
    {
        var (access, old, _) = await _acme.IssueAsync(_acme.App);
        (await FollowAsync(old)).ShouldBeActiveUnfollowed();
        await _acme.RefreshAsync(old, _acme.App);
        var used = await FollowAsync(old);
        used.Text.ShouldBe(AnswerAssertions.Inactive);
        used.HeaderNames.ShouldBe((await FollowAsync("unknown")).HeaderNames); // Used is used for ever, so a follower may keep it as any inactive answer.
        (await FollowAsync(access)).HeaderNames.ShouldContain("Touchstone-As-Of");
        (await _acme.ReasonAsync(old)).ShouldBe("used");

        var batch = (await _acme.OAuth.IntrospectAllAsync(_acme.App, old, access, old)).Json.GetProperty("results");
        batch.EnumerateArray().Select(item => item.GetProperty("active").GetBoolean()).ShouldBe([false, true, false]);
        // It ended nothing: to ask is no use.
        (await _acme.IsActiveAsync(access)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("/oauth/revoke")]
    [InlineData("/admin/revocations")]
    public async Task R07_Revoking_a_used_refresh_token_ends_what_came_of_it(string path)
    {
        var (_, old, _) = await _acme.IssueAsync(_acme.App);
        var (access, next) = await _acme.RefreshAsync(old, _acme.App);
        await RevokeAsync(path, old);
        (await _acme.IsActiveAsync(access)).ShouldBeFalse();
        (await _acme.OAuth.RefreshAsync(next, _acme.App)).ShouldBeError(400, "invalid_grant");
    }

    [Theory]
    [InlineData("/oauth/revoke")]
    [InlineData("/admin/revocations")]
    public async Task R07_R30_Revoking_a_refresh_token_that_is_ended_already_ends_those_of_its_grant_that_are_not(string path)
    {
        var time = _acme.Time.Seconds;
        object item = new { client_id = "app", sub = "u-7", kind = "refresh_token", grant = "g-" + path, iat = time - 100 };
        var old = await _acme.Admin.IssueAsync(item);
        var access = await _acme.Admin.IssueAsync(new { client_id = "app", sub = "u-7", aud = Acme.OrdersApi, grant = "g-" + path });
        await _acme.Admin.PostAsync(AdminCalls.Revocations, new { sub = "u-7", issued_before = time - 50 });
        (await _acme.ReasonAsync(old)).ShouldBe("revoked");
        (await _acme.IsActiveAsync(access)).ShouldBeTrue();

        (await _acme.Admin.PostAsync(AdminCalls.Revocations + "?dry_run=true", new { token = old })).Json.GetProperty("tokens").GetInt64().ShouldBe(2);
        await RevokeAsync(path, old);
        (await _acme.IsActiveAsync(access)).ShouldBeFalse();
        (await _acme.Admin.LookUpAsync(access)).GetProperty("revocation").GetProperty("selector").GetString().ShouldBe("grant:g-" + path);
        (await _acme.Admin.RevokeAsync(old)).GetProperty("status").GetString().ShouldBe("already_revoked");
        (await _acme.Admin.PostAsync(AdminCalls.Revocations + "?dry_run=true", new { token = old })).Json.GetProperty("tokens").GetInt64().ShouldBe(0);
    }

    [Theory]
    [InlineData("/oauth/revoke")]
    [InlineData("/admin/revocations")]
    [InlineData("reuse")]
    public async Task L12_What_was_registered_as_made_from_a_refresh_token_ends_with_it(string how)
    {
        // Also what was stored when nothing was known of its parent but the hash.
        var (_, old, _) = await _acme.IssueAsync(_acme.App);
        var child = await _acme.Admin.IssueAsync(new { client_id = "app", sub = "u", aud = Acme.OrdersApi, ancestors = new[] { TokenHash.Of(old).ToString() } });
        await _acme.Server.Services.GetRequiredService<ITokenStore>().AddTokensAsync([Records.Bare("early child") with { Audience = [Acme.OrdersApi], Ancestors = [TokenHash.Of(old)] }]);
        await _acme.RefreshAsync(old, _acme.App);
        foreach (var token in (string[])[child, "early child"]) (await _acme.IsActiveAsync(token)).ShouldBeTrue();
        if (how == "reuse") (await _acme.OAuth.RefreshAsync(old, _acme.App)).ShouldBeError(400, "invalid_grant");
        else await RevokeAsync(how, old);
        foreach (var token in (string[])[child, "early child"]) (await _acme.IsActiveAsync(token)).ShouldBeFalse();
    }

    [Fact]
    public async Task F02_One_without_a_grant_that_is_revoked_by_its_hash_before_it_is_stored_takes_with_it_what_came_of_it_meanwhile()
    {
        var token = new TokenFormat().Create(TokenKind.RefreshToken, System.Security.Cryptography.RandomNumberGenerator.GetBytes(TokenFormat.EntropySize));
        (await _acme.Admin.PostAsync(AdminCalls.Revocations, new { token_sha256 = TokenHash.Of(token).ToString() })).ShouldBeJson(200).Json.GetProperty("status").GetString().ShouldBe("unknown");
        // It was stored and used between the look-up and the commit.
        await OfAnEarlierVersionAsync(token);
        var store = _acme.Server.Services.GetRequiredService<ITokenStore>();
        var record = (await store.FindAsync(TokenHash.Of(token), judge: false, CancellationToken.None)).Record!;
        await store.AddTokensAsync([Records.Bare("came of it") with { Audience = [Acme.OrdersApi], Grant = TokenIssue.Refresh.RefreshFamily.Of(record), Born = long.MaxValue / 2 }]);
        (await _acme.IsActiveAsync("came of it")).ShouldBeFalse();
        (await _acme.Admin.PostAsync(AdminCalls.Revocations, new { token_sha256 = TokenHash.Of(token).ToString() })).Json.GetProperty("status").GetString().ShouldBe("already_revoked");
    }

    [Theory]
    [InlineData("/oauth/revoke")]
    [InlineData("/admin/revocations")]
    [InlineData("reuse")]
    public async Task F02_R07_One_that_was_stored_without_a_grant_begins_one_at_its_first_use_which_ends_with_it(string how)
    {
        var old = await OfAnEarlierVersionAsync();
        var (access, next) = await _acme.RefreshAsync(old, _acme.App);
        var grant = (await _acme.RecordAsync(next)).GetProperty("grant").GetString();
        grant.ShouldNotBeNullOrEmpty();
        (await _acme.Admin.LookUpAsync(old)).GetProperty("use").GetProperty("grant").GetString().ShouldBe(grant);
        var (_, newest) = await _acme.RefreshAsync(next, _acme.App);
        if (how == "reuse") (await _acme.OAuth.RefreshAsync(old, _acme.App)).ShouldBeError(400, "invalid_grant");
        else await RevokeAsync(how, old);
        (await _acme.IsActiveAsync(access)).ShouldBeFalse();
        (await _acme.OAuth.RefreshAsync(newest, _acme.App)).ShouldBeError(400, "invalid_grant");
    }

    [Theory]
    [InlineData("/oauth/revoke")]
    [InlineData("/admin/revocations")]
    public async Task F02_One_without_a_grant_that_is_revoked_gives_nothing(string path)
    {
        var old = await OfAnEarlierVersionAsync();
        await RevokeAsync(path, old);
        (await _acme.OAuth.RefreshAsync(old, _acme.App)).ShouldBeError(400, "invalid_grant");
        (await _acme.ReasonAsync(old)).ShouldBe("revoked");
    }

    [Fact]
    public async Task L06_F06_A_store_that_fails_at_any_step_is_503_and_gives_no_token()
    {
        var (server, store) = await ProbedStore.StartAsync(options => options.Unlimit());
        await using var running = server;
        var app = await server.Admin.AddClientAsync(new { client_id = "app", kind = "client", audience = new[] { Acme.OrdersApi }, scope = "a", may_introspect = true, grants = new { grant_types = new[] { "refresh_token" } } });
        var old = (await server.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app", sub = "u", scope = "a", refresh = true })).Json.GetProperty("refresh_token").GetString()!;

        store.BeforeFind = () => throw new StoreException("gone");
        (await server.OAuth.RefreshAsync(old, app)).ShouldBeError(503, "temporarily_unavailable");
        store.BeforeFind = () => Task.CompletedTask;
        store.BeforeWrite = () => throw new StoreException("gone");
        (await server.OAuth.RefreshAsync(old, app)).ShouldBeError(503, "temporarily_unavailable");
        store.BeforeWrite = () => Task.CompletedTask;
        var next = (await server.OAuth.RefreshAsync(old, app)).ShouldBeJson(200).Json.GetProperty("refresh_token").GetString()!;

        // A reuse whose revocation can't be written is no invalid_grant: nobody may take the family for ended.
        store.BeforeWrite = () => throw new StoreException("gone");
        (await server.OAuth.RefreshAsync(old, app)).ShouldBeError(503, "temporarily_unavailable");
        store.BeforeWrite = () => Task.CompletedTask;
        (await server.OAuth.IsActiveAsync(next, app)).ShouldBeTrue();
        (await server.OAuth.RefreshAsync(old, app)).ShouldBeError(400, "invalid_grant");
        (await server.OAuth.IsActiveAsync(next, app)).ShouldBeFalse();
    }

    [Fact]
    public async Task L03_L12_A_row_between_judging_and_writing_ends_what_is_issued()
    {
        var (server, store) = await ProbedStore.StartAsync(options => options.Unlimit());
        await using var running = server;
        var app = await server.Admin.AddClientAsync(new { client_id = "app", kind = "client", audience = new[] { Acme.OrdersApi }, scope = "a", may_introspect = true, grants = new { grant_types = new[] { "refresh_token" } } });
        foreach (var row in (object[])[new { sub = "u" }, new { client_id = "app" }, new { all = true }, new { grant = "g-held" }])
        {
            var old = (await server.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app", sub = "u", scope = "a", grant = "g-held", refresh = true })).Json.GetProperty("refresh_token").GetString()!;
            await server.Admin.TokenAsync();
            var (isThere, goOn) = store.HoldNextWrite();
            var refreshing = server.OAuth.RefreshAsync(old, app);
            await isThere;
            (await server.Admin.PostAsync(AdminCalls.Revocations, row)).Status.ShouldBe(200);
            goOn.SetResult();
            var json = (await refreshing).ShouldBeJson(200).Json;
            (await server.OAuth.IsActiveAsync(json.GetProperty("access_token").GetString()!, app)).ShouldBeFalse();
            (await server.OAuth.RefreshAsync(json.GetProperty("refresh_token").GetString()!, app)).ShouldBeError(400, "invalid_grant");
            if (JsonSerializer.Serialize(row).Contains("all")) break; // The administrator's own token is ended too.
        }
    }

    private async Task RevokeAsync(string path, string token)
    {
        if (path == OAuthCalls.Revoke) (await _acme.OAuth.RevokeAsync(token, _acme.App)).ShouldBeEmpty();
        else (await _acme.Admin.RevokeAsync(token)).GetProperty("status").GetString().ShouldBe("revoked");
    }

    private async Task<string> OfAnEarlierVersionAsync(string? given = null)
    {
        var token = given ?? new TokenFormat().Create(TokenKind.RefreshToken, System.Security.Cryptography.RandomNumberGenerator.GetBytes(TokenFormat.EntropySize));
        await _acme.Server.Services.GetRequiredService<ITokenStore>().AddTokensAsync([Records.Bare(token) with
        {
            Kind = TokenKind.RefreshToken, ClientId = "app", Issuer = TestServer.DefaultIssuer, Subject = "u-1", Scope = Records.Scope("orders:read"), Audience = [Acme.OrdersApi], Born = long.MaxValue / 2,
        }]);
        return token;
    }

    private Task<Answer> FollowAsync(string token)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect) { Content = new FormUrlEncodedContent([new("token", token)]) };
        request.Headers.TryAddWithoutValidation("Authorization", _acme.App.Basic);
        request.Headers.Add("Touchstone-Follow", "1");
        return _acme.OAuth.SendAsync(request);
    }
}

file static class UnfollowedAnswers
{
    internal static void ShouldBeActiveUnfollowed(this Answer answer)
    {
        answer.Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        answer.HeaderNames.ShouldNotContain("Touchstone-As-Of");
        answer.HeaderNames.ShouldNotContain("Touchstone-Tags");
    }
}

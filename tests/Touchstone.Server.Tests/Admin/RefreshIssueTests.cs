using Touchstone.Server.Tests.Rfc9700;

namespace Touchstone.Server.Tests.Admin;

/// <summary>How a grant begins: refresh tokens from <c>POST /admin/tokens</c>.</summary>
public sealed class RefreshIssueTests : IAsyncLifetime
{
    private RefreshAcme _acme = null!;

    public async ValueTask InitializeAsync() => _acme = await RefreshAcme.StartAsync();

    public async ValueTask DisposeAsync() => await _acme.DisposeAsync();

    [Fact]
    public async Task F02_Both_tokens_come_in_one_answer_with_one_grant()
    {
        var json = (await _acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app", sub = "u", scope = "orders:read", aud = Acme.OrdersApi, expires_in = 60, refresh = true })).ShouldBeJson(201).Json;
        json.EnumerateObject().Select(member => member.Name).ShouldBe(["token", "token_type", "token_sha256", "jti", "exp", "grant", "refresh_token"]);
        json.GetProperty("exp").GetInt64().ShouldBe(_acme.Time.Seconds + 60);
        var refresh = await _acme.RecordAsync(json.GetProperty("refresh_token").GetString()!);
        refresh.GetProperty("kind").GetString().ShouldBe("refresh_token");
        refresh.GetProperty("grant").GetString().ShouldBe(json.GetProperty("grant").GetString());
        refresh.GetProperty("exp").GetInt64().ShouldBe(_acme.Time.Seconds + (14 * 86400));
        foreach (var name in (string[])["sub", "scope", "aud", "born"]) refresh.GetProperty(name).GetRawText().ShouldBe((await _acme.RecordAsync(json.GetProperty("token").GetString()!)).GetProperty(name).GetRawText());
    }

    [Fact]
    public async Task F02_F04_A_refresh_token_alone_gets_a_grant_and_the_refresh_lifetime()
    {
        var json = (await _acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app", kind = "refresh_token" })).ShouldBeJson(201).Json;
        json.GetProperty("grant").GetString()!.ShouldMatch("^[0-9A-Za-z]{22}$");
        json.GetProperty("exp").GetInt64().ShouldBe(_acme.Time.Seconds + (14 * 86400));
        json = (await _acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app", kind = "refresh_token", grant = "g-1", expires_in = 90 })).ShouldBeJson(201).Json;
        json.GetProperty("grant").GetString().ShouldBe("g-1");
        json.GetProperty("exp").GetInt64().ShouldBe(_acme.Time.Seconds + 90);
        (await _acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app" })).ShouldBeJson(201).Json.TryGetProperty("grant", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task L12_A_refresh_token_beside_an_older_access_token_is_of_the_same_time()
    {
        var now = _acme.Time.Seconds;
        var (access, refresh, _) = await _acme.IssueAsync(_acme.App, new { iat = now - 3600, expires_in = 7200 });
        var (later, spared, _) = await _acme.IssueAsync(_acme.App, new { iat = now - 60, expires_in = 7200 });
        (await _acme.Admin.PostAsync(AdminCalls.Revocations, new { sub = "u-4821", issued_before = now - 1800 })).Status.ShouldBe(200);
        (await _acme.IsActiveAsync(access)).ShouldBeFalse();
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App)).ShouldBeError(400, "invalid_grant");
        (await _acme.IsActiveAsync(later)).ShouldBeTrue();
        await _acme.RefreshAsync(spared, _acme.App);
    }

    [Fact]
    public async Task F04_A_grant_lasts_from_the_issue_of_its_first_token()
    {
        const int Day = 86400;
        var begun = _acme.Time.Seconds - (80 * Day);
        foreach (var asked in (object[])[new { client_id = "app", iat = begun, expires_in = 60, refresh = true }, new { client_id = "app", iat = begun, kind = "refresh_token" }])
        {
            var json = (await _acme.Admin.PostAsync(AdminCalls.Tokens, asked)).ShouldBeJson(201).Json;
            var record = await _acme.RecordAsync(json.TryGetProperty("refresh_token", out var beside) ? beside.GetString()! : json.GetProperty("token").GetString()!);
            (record.GetProperty("exp").GetInt64(), record.GetProperty("grant_exp").GetInt64()).ShouldBe((begun + (90 * Day), begun + (90 * Day)));
        }
        // One that would be over is refused, unless it is said when it ends.
        var over = (await _acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app", iat = begun - (10 * Day), expires_in = 60, refresh = true })).ShouldBeProblem(400);
        over.Faults().ShouldBe(["iat"]);
        (await _acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "app", iat = begun - (10 * Day), expires_in = 60, kind = "refresh_token" })).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_refresh_token_beside_another_kind_or_a_foreign_token_is_refused()
    {
        foreach (var wrong in (object[])[new { client_id = "app", kind = "refresh_token", refresh = true }, new { client_id = "app", token = "theirs", iss = "https://other.test", expires_in = 60, refresh = true }])
            (await _acme.Admin.PostAsync(AdminCalls.Tokens, wrong)).ShouldBeProblem(400, "No token was added.");
    }

    [Fact]
    public async Task Of_a_list_each_item_has_its_own_and_the_place_of_a_wrong_one_is_right()
    {
        var json = (await _acme.Admin.PostAsync(AdminCalls.Tokens, new object[] { new { client_id = "app", refresh = true }, new { client_id = "app" }, new { client_id = "app", refresh = true } })).ShouldBeJson(201).Json;
        json.EnumerateArray().Select(item => item.TryGetProperty("refresh_token", out _)).ShouldBe([true, false, true]);
        json.EnumerateArray().Where(item => item.TryGetProperty("grant", out _)).Select(item => item.GetProperty("grant").GetString()).Distinct().Count().ShouldBe(2);

        object foreign = new { client_id = "theirs", token = "theirs", iss = "https://other.test", expires_in = 60 };
        (await _acme.Admin.PostAsync(AdminCalls.Tokens, foreign)).ShouldBeJson(201);
        var refused = (await _acme.Admin.PostAsync(AdminCalls.Tokens, new[] { new { client_id = "app", refresh = true }, foreign })).ShouldBeProblem(409);
        refused.GetProperty("errors")[0].GetProperty("index").GetInt32().ShouldBe(1);
    }
}

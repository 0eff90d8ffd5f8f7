using Touchstone.Server.Tests.Rfc9700;

namespace Touchstone.Server.Tests.Rfc6749;

/// <summary>The grant <c>refresh_token</c> as RFC 6749 §6 has it.</summary>
public sealed class RefreshTokenTests : IAsyncLifetime
{
    private RefreshAcme _acme = null!;

    public async ValueTask InitializeAsync() => _acme = await RefreshAcme.StartAsync();

    public async ValueTask DisposeAsync() => await _acme.DisposeAsync();

    [Fact]
    public async Task T01_T05_T07_C14_The_whole_answer()
    {
        var (_, refresh, _) = await _acme.IssueAsync(_acme.App);
        var json = (await _acme.OAuth.RefreshAsync(refresh, _acme.App)).ShouldBeJson(200).Json;
        json.EnumerateObject().Select(member => member.Name).ShouldBe(["access_token", "token_type", "expires_in", "refresh_token", "scope"]);
        json.GetProperty("token_type").GetString().ShouldBe("Bearer");
        json.GetProperty("expires_in").GetRawText().ShouldBe("3600");
        json.GetProperty("scope").GetString().ShouldBe("orders:read orders:write");
        json.GetProperty("refresh_token").GetString()!.ShouldMatch("^tst_rt_[0-9A-Za-z]{49}$");
        json.GetProperty("refresh_token").GetString().ShouldNotBe(refresh);
    }

    [Fact]
    public async Task T05_What_the_grant_holds_is_carried_over_and_what_is_the_token_s_own_is_new()
    {
        object held = new
        {
            username = "jane", session = "s-1", tenant = "north", act = new { sub = "svc" }, authorization_details = new[] { new { type = "t" } }, claims = new { auth_time = 17, acr = "high" },
        };
        var (_, refresh, grant) = await _acme.IssueAsync(_acme.App, held);
        var before = await _acme.RecordAsync(refresh);
        _acme.Time.Advance(TimeSpan.FromHours(2));
        var (access, next) = await _acme.RefreshAsync(refresh, _acme.App);
        foreach (var token in (string[])[access, next])
        {
            var record = await _acme.RecordAsync(token);
            foreach (var name in (string[])["client_id", "iss", "sub", "username", "scope", "aud", "session", "tenant", "act", "authorization_details", "claims", "grant"])
                record.GetProperty(name).GetRawText().ShouldBe(before.GetProperty(name).GetRawText(), name);
            record.GetProperty("jti").GetString().ShouldNotBe(before.GetProperty("jti").GetString());
            record.GetProperty("iat").GetInt64().ShouldBe(_acme.Time.Seconds);
        }
        before.GetProperty("grant").GetString().ShouldBe(grant);
        (await _acme.IsActiveAsync(access)).ShouldBeTrue();
        (await _acme.OAuth.IsActiveAsync(next, _acme.App)).ShouldBeTrue();
    }

    [Fact]
    public async Task L03_L12_Issued_before_reaches_what_was_refreshed_since()
    {
        var (first, old, _) = await _acme.IssueAsync(_acme.App, new { sub = "u-thief" });
        _acme.Time.Advance(TimeSpan.FromSeconds(50));
        var until = _acme.Time.Seconds;
        _acme.Time.Advance(TimeSpan.FromSeconds(50));
        var (second, middle) = await _acme.RefreshAsync(old, _acme.App);
        _acme.Time.Advance(TimeSpan.FromSeconds(50));
        var (third, newest) = await _acme.RefreshAsync(middle, _acme.App);
        var later = await _acme.IssueAsync(_acme.App, new { sub = "u-thief" });
        foreach (var access in (string[])[first, second, third, later.Access]) (await _acme.IsActiveAsync(access)).ShouldBeTrue();

        object row = new { sub = "u-thief", issued_before = until };
        (await _acme.Admin.PostAsync(AdminCalls.Revocations + "?dry_run=true", row)).Json.GetProperty("tokens").GetInt64().ShouldBe(6);
        (await _acme.Admin.PostAsync(AdminCalls.Revocations, row)).Status.ShouldBe(200);
        foreach (var access in (string[])[first, second, third]) (await _acme.IsActiveAsync(access)).ShouldBeFalse();
        (await _acme.OAuth.RefreshAsync(newest, _acme.App)).ShouldBeError(400, "invalid_grant");
        // Who was let in since then stays.
        (await _acme.IsActiveAsync(later.Access)).ShouldBeTrue();
        await _acme.RefreshAsync(later.Refresh, _acme.App);
    }

    [Fact]
    public async Task T05_A_client_with_credentials_has_to_show_them_and_a_public_one_names_itself()
    {
        var (_, refresh, _) = await _acme.IssueAsync(_acme.App);
        (await _acme.OAuth.RefreshAsync(refresh, null)).ShouldBeError(401, "invalid_client");
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App with { Secret = null })).ShouldBeError(401, "invalid_client");
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App with { Secret = "wrong" })).ShouldBeError(401, "invalid_client");
        await _acme.RefreshAsync(refresh, _acme.App);

        (_, refresh, _) = await _acme.IssueAsync(_acme.Phone);
        var (access, next) = await _acme.RefreshAsync(refresh, _acme.Phone);
        (await _acme.IsActiveAsync(access)).ShouldBeTrue();
        await _acme.RefreshAsync(next, _acme.Phone);
    }

    [Fact]
    public async Task T05_A_client_that_is_not_registered_for_it_may_not_use_it()
    {
        foreach (var isPublic in (bool[])[false, true])
        {
            var other = await _acme.Admin.AddClientAsync(new { client_id = $"other-{isPublic}", kind = "client", @public = isPublic, scope = "orders:read", audience = new[] { Acme.OrdersApi }, grants = new { grant_types = new[] { "refresh_token" } } });
            var (_, refresh, _) = await _acme.IssueAsync(other);
            await _acme.Admin.ChangeAsync(other.Id, "grants", """{"grant_types":null}""");
            (await _acme.OAuth.RefreshAsync(refresh, other)).ShouldBeError(400, "unauthorized_client");
            (await _acme.ReasonAsync(refresh)).ShouldBe("active");
        }
    }

    [Fact]
    public async Task T05_F14_Another_client_s_token_is_invalid_grant_and_the_family_is_left_as_it_is()
    {
        var (access, refresh, _) = await _acme.IssueAsync(_acme.App);
        (await _acme.OAuth.RefreshAsync(refresh, _acme.Phone)).ShouldBeError(400, "invalid_grant");
        (await _acme.IsActiveAsync(access)).ShouldBeTrue();
        var (_, next) = await _acme.RefreshAsync(refresh, _acme.App);
        // Nor does a used one of another client end anything.
        (await _acme.OAuth.RefreshAsync(refresh, _acme.Phone)).ShouldBeError(400, "invalid_grant");
        await _acme.RefreshAsync(next, _acme.App);
        _acme.Server.Logs.Lines.Select(line => line.Text).ShouldContain(line => line.Contains("Client phone presented a refresh token of client app"));
    }

    [Fact]
    public async Task T05_T08_What_is_no_refresh_token_of_ours_is_invalid_grant()
    {
        var (access, refresh, _) = await _acme.IssueAsync(_acme.App);
        var foreign = await _acme.Admin.IssueAsync(new { token = "foreign-refresh-token", client_id = "app", kind = "refresh_token", iss = "https://other.test", exp = _acme.Time.Seconds + 60 });
        foreach (var token in (string[])[access, foreign, refresh[..^1], refresh + "x", refresh[..^1] + (refresh[^1] == 'a' ? 'b' : 'a'), "tst_rt_" + new string('0', 49), "x", new string('x', 5000)])
            (await _acme.OAuth.RefreshAsync(token, _acme.App)).ShouldBeError(400, "invalid_grant");
        foreach (var missing in (string[])[""])
            (await _acme.OAuth.RefreshAsync(missing, _acme.App)).ShouldBeError(400, "invalid_request", "The parameter refresh_token is missing.");
        (await _acme.OAuth.PostAsync(OAuthCalls.Token, _acme.App, ("grant_type", "refresh_token"), ("refresh_token", refresh), ("refresh_token", refresh))).ShouldBeError(400, "invalid_request");
        await _acme.RefreshAsync(refresh, _acme.App);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("grant")]
    [InlineData("session")]
    [InlineData("sub")]
    [InlineData("client_id")]
    [InlineData("tenant")]
    [InlineData("all")]
    public async Task T05_L12_What_a_row_ended_gives_nothing_and_counts_as_no_reuse(string named)
    {
        var (access, refresh, grant) = await _acme.IssueAsync(_acme.App, new { session = "s-1", tenant = "north" });
        object row = named switch
        {
            "token" => new { token = refresh }, "grant" => new { grant }, "session" => new { session = "s-1" }, "sub" => new { sub = "u-4821" }, "client_id" => new { client_id = "app" }, "tenant" => new { tenant = "north" },
            _ => new { all = true },
        };
        (await _acme.Admin.PostAsync(AdminCalls.Revocations, row)).ShouldBeJson(200);
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App)).ShouldBeError(400, "invalid_grant");
        (await _acme.IsActiveAsync(access)).ShouldBeFalse();
        if (named != "all") (await _acme.ReasonAsync(refresh)).ShouldBe("revoked"); // Then the administrator's token is ended too.
        _acme.Server.Logs.Lines.Select(line => line.Text).ShouldNotContain(line => line.Contains("second time"));
    }

    [Fact]
    public async Task T05_L12_A_disabled_subject_gets_nothing_and_its_token_is_not_used_up()
    {
        await _acme.Admin.PostAsync("/admin/subjects/disable", new { sub = "u-4821" });
        await _acme.Admin.PostAsync("/admin/subjects/enable", new { sub = "u-4821" });
        var (_, refresh, _) = await _acme.IssueAsync(_acme.App);
        await _acme.Admin.PostAsync("/admin/subjects/disable", new { sub = "u-4821" });
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App)).ShouldBeError(400, "invalid_grant");
        // What it had is ended for ever.
        await _acme.Admin.PostAsync("/admin/subjects/enable", new { sub = "u-4821" });
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App)).ShouldBeError(400, "invalid_grant");
    }

    [Fact]
    public async Task T06_T07_F14_A_smaller_scope_is_the_access_token_s_and_the_refresh_token_keeps_the_whole()
    {
        var (_, refresh, _) = await _acme.IssueAsync(_acme.App);
        var answer = await _acme.OAuth.RefreshAsync(refresh, _acme.App, ("scope", "orders:read"));
        answer.Json.GetProperty("scope").GetString().ShouldBe("orders:read");
        var next = answer.Json.GetProperty("refresh_token").GetString()!;
        (await _acme.RecordAsync(next)).GetProperty("scope").GetString().ShouldBe("orders:read orders:write");
        (await _acme.OAuth.RefreshAsync(next, _acme.App)).Json.GetProperty("scope").GetString().ShouldBe("orders:read orders:write");
    }

    [Theory]
    [InlineData("bills")]
    [InlineData("orders:read bills")]
    [InlineData("ORDERS:READ")]
    [InlineData("orders:read  orders:write")]
    [InlineData("\"")]
    public async Task T06_F03_A_scope_beyond_the_grant_is_invalid_scope_also_where_the_client_is_registered_for_it(string scope)
    {
        var (_, refresh, _) = await _acme.IssueAsync(_acme.App);
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App, ("scope", scope))).ShouldBeError(400, "invalid_scope");
        await _acme.RefreshAsync(refresh, _acme.App); // It was not used up.
    }

    [Fact]
    public async Task T06_Of_the_granted_scope_a_client_gets_what_it_is_registered_for_and_no_token_without_any()
    {
        var (_, refresh, _) = await _acme.IssueAsync(_acme.Phone, new { scope = "orders:read bills" });
        var answer = await _acme.OAuth.RefreshAsync(refresh, _acme.Phone);
        answer.Json.GetProperty("scope").GetString().ShouldBe("orders:read");
        (await _acme.RecordAsync(answer.Json.GetProperty("refresh_token").GetString()!)).GetProperty("scope").GetString().ShouldBe("orders:read bills");
        (_, refresh, _) = await _acme.IssueAsync(_acme.Phone, new { scope = "bills" });
        (await _acme.OAuth.RefreshAsync(refresh, _acme.Phone)).ShouldBeError(400, "invalid_scope");
        (_, refresh, _) = await _acme.IssueAsync(_acme.Phone, new { scope = "" });
        (await _acme.OAuth.RefreshAsync(refresh, _acme.Phone)).ShouldBeJson(200).Json.TryGetProperty("scope", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task U04_F03_F08_A_smaller_audience_is_the_access_token_s_and_the_refresh_token_keeps_the_whole()
    {
        var (_, refresh, _) = await _acme.IssueAsync(_acme.App);
        var (access, next) = await _acme.RefreshAsync(refresh, _acme.App, ("resource", Acme.BillingApi));
        (await _acme.RecordAsync(access)).GetProperty("aud").GetRawText().ShouldBe($"[\"{Acme.BillingApi}\"]");
        (await _acme.IsActiveAsync(access)).ShouldBeFalse();
        (access, _) = await _acme.RefreshAsync(next, _acme.App);
        (await _acme.RecordAsync(access)).GetProperty("aud").GetArrayLength().ShouldBe(2);
        (await _acme.IsActiveAsync(access)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("https://billing.acme.test/")] // The client's own, and not the grant's.
    [InlineData("https://unknown.acme.test/")]
    [InlineData("https://orders.acme.test")]
    [InlineData("orders")]
    public async Task U23_F03_A_resource_outside_the_grant_is_invalid_target(string resource)
    {
        var (_, refresh, _) = await _acme.IssueAsync(_acme.App, new { aud = Acme.OrdersApi });
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App, ("resource", resource))).ShouldBeError(400, "invalid_target");
        (await _acme.OAuth.RefreshAsync(refresh, _acme.App, ("resource", Acme.OrdersApi), ("resource", resource))).ShouldBeError(400, "invalid_target");
        await _acme.RefreshAsync(refresh, _acme.App, ("resource", Acme.OrdersApi));
    }

    [Fact]
    public async Task E03_Metadata_names_the_grant_and_public_clients()
    {
        var metadata = await _acme.OAuth.MetadataAsync();
        metadata.GetProperty("grant_types_supported").EnumerateArray().Select(item => item.GetString()).ShouldContain("refresh_token");
        metadata.GetProperty("token_endpoint_auth_methods_supported").EnumerateArray().Select(item => item.GetString()).ShouldContain("none");
    }
}

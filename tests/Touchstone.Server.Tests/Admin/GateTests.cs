using System.Net.Http.Headers;

namespace Touchstone.Server.Tests.Admin;

/// <summary>Who may use the admin API, and how it says no (RFC 6750 §3).</summary>
public sealed class GateTests(Acme acme) : IClassFixture<Acme>
{
    private const string Scope = "touchstone:admin";

    public static TheoryData<string, string> Endpoints => new()
    {
        { "GET", "/admin/clients" }, { "POST", "/admin/clients" }, { "GET", "/admin/clients/x" }, { "POST", "/admin/clients/x/disable" }, { "POST", "/admin/clients/x/enable" },
        { "POST", "/admin/clients/x/rotate-secret" }, { "POST", "/admin/tokens" }, { "POST", "/admin/tokens/lookup" }, { "POST", "/admin/revocations" },
        { "POST", "/admin/subjects/disable" }, { "POST", "/admin/subjects/enable" }, { "GET", "/admin/subjects" },
    };

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C08_Without_a_token_the_challenge_has_no_error(string method, string path)
    {
        var answer = await SendAsync(method, path, null);
        answer.ShouldBeProblem(401, "Send a bearer token of this server with the scope touchstone:admin.");
        answer.Header("WWW-Authenticate").ShouldBe($"Bearer realm=\"touchstone\", scope=\"{Scope}\"");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C08_A_bad_token_is_invalid_token(string method, string path)
    {
        var answer = await SendAsync(method, path, "Bearer tst_at_wrong");
        answer.ShouldBeProblem(401);
        answer.Header("WWW-Authenticate").ShouldBe($"Bearer realm=\"touchstone\", error=\"invalid_token\", error_description=\"The access token is expired, revoked, malformed or not for this server.\", scope=\"{Scope}\"");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C09_A_token_without_the_scope_is_insufficient_scope(string method, string path)
    {
        var plain = await acme.Admin.IssueAsync(new { client_id = "web-shop", aud = TestServer.DefaultIssuer, scope = "orders:read touchstone:administrator" });
        var answer = await SendAsync(method, path, "Bearer " + plain);
        answer.ShouldBeProblem(403);
        answer.Header("WWW-Authenticate").ShouldBe($"Bearer realm=\"touchstone\", error=\"insufficient_scope\", error_description=\"This needs the scope touchstone:admin.\", scope=\"{Scope}\"");
    }

    [Theory]
    [InlineData("Basic YWRtaW46eA==")]
    [InlineData("Bearer")]
    [InlineData("bearer")]
    [InlineData("Token x")]
    [InlineData("BearerX y")]
    public async Task C08_Another_scheme_counts_as_no_token(string header)
    {
        var answer = await SendAsync("GET", "/admin/clients", header);
        answer.ShouldBeProblem(401);
        answer.Header("WWW-Authenticate").ShouldNotBeNull().ShouldNotContain("error");
    }

    [Fact]
    public async Task C10_The_name_of_the_scheme_has_no_case()
    {
        var token = await acme.Admin.TokenAsync();
        foreach (var scheme in (string[])["bearer", "BEARER", "Bearer  "]) (await SendAsync("GET", "/admin/clients", $"{scheme} {token}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task C09_Two_Authorization_headers_are_invalid_request()
    {
        var bearer = "Authorization: Bearer " + await acme.Admin.TokenAsync();
        var answer = await acme.Server.SendRawAsync($"GET /admin/clients HTTP/1.1\nHost: a\nConnection: close\n{bearer}\n{bearer}\n\n");
        answer.ShouldBeProblem(400, "There is more than one Authorization header.");
        answer.Header("WWW-Authenticate").ShouldNotBeNull().ShouldStartWith("Bearer realm=\"touchstone\", error=\"invalid_request\"");
    }

    [Theory]
    [InlineData("tökén")]
    [InlineData("a b")]
    [InlineData("=")]
    [InlineData("\"")]
    public async Task C43_A_token_that_cannot_be_one_is_refused(string token)
    {
        var answer = await acme.Server.SendRawAsync($"GET /admin/clients HTTP/1.1\nHost: a\nConnection: close\nAuthorization: Bearer {token}\n\n");
        answer.Status.ShouldBeOneOf(400, 401);
        acme.Server.Logs.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task C43_A_very_long_token_is_refused() => (await SendAsync("GET", "/admin/clients", "Bearer " + new string('a', 20_000))).ShouldBeProblem(401);

    [Fact]
    public async Task L09_A_refresh_token_with_everything_right_is_no_access_token()
    {
        await acme.Admin.ChangeAsync("admin", "grants", new { grant_types = new[] { "client_credentials", "refresh_token" } });
        var refresh = await acme.Admin.IssueAsync(new { client_id = "admin", kind = "refresh_token", aud = TestServer.DefaultIssuer, scope = Scope });
        (await SendAsync("GET", "/admin/clients", "Bearer " + refresh)).ShouldBeProblem(401);
    }

    [Fact]
    public async Task L01_A_token_for_another_API_is_no_token_for_this_one()
    {
        var token = await acme.Admin.IssueAsync(new { client_id = "admin", aud = Acme.OrdersApi, scope = Scope });
        (await SendAsync("GET", "/admin/clients", "Bearer " + token)).ShouldBeProblem(401);
    }

    [Fact]
    public async Task L09_A_token_of_another_issuer_is_none_of_this_very_server()
    {
        await acme.Admin.IssueAsync(new { token = "foreign-admin-token", iss = "https://other.acme.test", client_id = "x", aud = TestServer.DefaultIssuer, scope = Scope, expires_in = 60 });
        (await SendAsync("GET", "/admin/clients", "Bearer foreign-admin-token")).ShouldBeProblem(401);
    }

    [Fact]
    public async Task C26_An_admin_token_ends_like_any_other()
    {
        var token = await acme.Admin.IssueAsync(new { client_id = "admin", aud = TestServer.DefaultIssuer, scope = Scope, expires_in = 10 });
        (await SendAsync("GET", "/admin/clients", "Bearer " + token)).Status.ShouldBe(200);
        acme.Time.AdvanceSeconds(10);
        (await SendAsync("GET", "/admin/clients", "Bearer " + token)).ShouldBeProblem(401);
    }

    [Fact]
    public async Task M05_An_admin_token_that_is_bound_is_nothing_without_what_it_is_bound_to()
    {
        var token = await acme.Admin.IssueAsync(new { client_id = "admin", aud = TestServer.DefaultIssuer, scope = Scope, cnf = new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } });
        (await SendAsync("GET", "/admin/clients", "Bearer " + token)).ShouldBeProblem(401);
    }

    [Fact]
    public async Task R06_An_admin_token_that_was_revoked_is_refused()
    {
        var token = await acme.Admin.IssueAsync(new { client_id = "admin", aud = TestServer.DefaultIssuer, scope = Scope });
        (await SendAsync("GET", "/admin/clients", "Bearer " + token)).Status.ShouldBe(200);
        await acme.Admin.RevokeAsync(token);
        (await SendAsync("GET", "/admin/clients", "Bearer " + token)).ShouldBeProblem(401);
    }

    [Theory]
    [InlineData("PUT", "/admin/clients", "GET, POST")]
    [InlineData("DELETE", "/admin/clients/web-shop", "GET")]
    [InlineData("GET", "/admin/tokens", "POST")]
    [InlineData("GET", "/admin/tokens/lookup", "POST")]
    [InlineData("GET", "/admin/revocations", "POST")]
    [InlineData("GET", "/admin/clients/web-shop/disable", "POST")]
    public async Task C02_C03_Another_method_is_405_with_Allow(string method, string path, string allow)
    {
        var answer = await SendAsync(method, path, "Bearer " + await acme.Admin.TokenAsync());
        answer.Headers.Count(h => h.Key == "Cache-Control").ShouldBe(1);
        string.Join(", ", answer.All("Allow")).ShouldBe(allow);
        answer.ShouldBeProblem(405, $"Use {allow}.");
    }

    private async Task<Answer> SendAsync(string method, string path, string? authorization)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (method == "POST")
        {
            request.Content = new StringContent("{}");
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        return await acme.OAuth.SendAsync(request);
    }
}

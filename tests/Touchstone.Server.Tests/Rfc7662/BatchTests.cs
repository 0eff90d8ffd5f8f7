using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Rfc7662;

/// <summary><c>POST /oauth/introspect/batch</c>: what one introspection is, many times.</summary>
public sealed class BatchTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task I10_I11_I12_Each_result_is_the_answer_that_the_token_alone_gets_in_the_order_of_the_request()
    {
        var revoked = await acme.TokenAsync();
        await acme.OAuth.RevokeAsync(revoked, acme.Shop);
        var active = await acme.TokenAsync();
        string[] tokens =
        [
            revoked, active, "unknown", "tst_at_mistyped", active, await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.BillingApi }), await acme.RefreshTokenAsync("g-batch"),
            await acme.TokenAsync(new { client_id = "web-shop", aud = new[] { Acme.OrdersApi, Acme.BillingApi }, sub = "ü\"", claims = new { n = 1.50m } }), new string('x', 4097), "with space",
        ];
        foreach (var caller in (TestClient[])[acme.Orders, acme.Billing, acme.Shop, acme.Warehouse])
        {
            var alone = new List<string>();
            foreach (var token in tokens) alone.Add((await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeJson(200).Text);
            (await acme.OAuth.IntrospectAllAsync(caller, tokens)).ShouldBeJson(200).Text.ShouldBe($"{{\"results\":[{string.Join(',', alone)}]}}");
        }
    }

    [Fact]
    public async Task I13_I20_Each_result_is_what_the_view_shows()
    {
        var narrow = await acme.Admin.AddClientAsync(new { client_id = "batch-narrow", kind = "resource-server", audience = new[] { Acme.OrdersApi }, view = new { sub = "pairwise", scope = "none" } });
        string[] tokens = [await acme.TokenAsync(), await acme.TokenAsync()];
        var alone = new List<string>();
        foreach (var token in tokens) alone.Add((await acme.OAuth.IntrospectAsync(token, narrow)).Text);
        var answer = await acme.OAuth.IntrospectAllAsync(narrow, tokens);
        answer.Text.ShouldBe($"{{\"results\":[{string.Join(',', alone)}]}}");
        answer.Text.ShouldNotContain("u-4821");
    }

    [Fact]
    public async Task A_hundred_of_the_longest_tokens_fit_and_no_more_than_a_hundred()
    {
        var tokens = Enumerable.Range(0, 100).Select(i => $"{i:d3}{new string('x', TokenFormat.MaxLength - 3)}").ToArray();
        await acme.Admin.IssueAsync(new { token = tokens[99], client_id = "theirs", iss = "https://other.acme.test", aud = Acme.OrdersApi, expires_in = 60 });
        var results = (await acme.OAuth.IntrospectAllAsync(acme.Orders, tokens)).ShouldBeJson(200).Json.GetProperty("results");
        results.EnumerateArray().Select(result => result.GetProperty("active").GetBoolean()).ShouldBe([.. Enumerable.Repeat(false, 99), true]);

        (await acme.OAuth.IntrospectAllAsync(acme.Orders, Enumerable.Repeat("x", 101))).ShouldBeError(400, "invalid_request", "There may be at most 100 tokens in one request.");
        (await acme.OAuth.IntrospectAllAsync(acme.Orders, Enumerable.Repeat("x", 255))).ShouldBeError(400, "invalid_request");
        (await acme.OAuth.IntrospectAllAsync(acme.Orders, Enumerable.Repeat("x", 300))).ShouldBeError(400, "invalid_request");
        (await acme.OAuth.IntrospectAllAsync(acme.Orders, Enumerable.Repeat(new string('x', 5000), 100))).ShouldBeError(413, "invalid_request");
        (await acme.OAuth.IntrospectAsync(new string('x', 65536), acme.Orders)).ShouldBeError(413, "invalid_request", "The body may have at most 65536 bytes.");
    }

    [Theory]
    [InlineData("")]
    [InlineData("token=&token=")]
    [InlineData("tokens=x&Token=y")]
    public async Task I02_Without_a_token_it_is_invalid_request(string body) =>
        (await PostRawAsync(body, acme.Orders)).ShouldBeError(400, "invalid_request", "The parameter token is missing.");

    [Fact]
    public async Task C12_An_empty_token_counts_as_absent_and_unknown_parameters_are_ignored()
    {
        var token = await acme.TokenAsync();
        var results = (await PostRawAsync($"token=&token={token}&x=1&token=&to%6ben=unknown", acme.Orders)).ShouldBeJson(200).Json.GetProperty("results");
        results.EnumerateArray().Select(result => result.GetProperty("active").GetBoolean()).ShouldBe([true, false]);
    }

    [Theory]
    [InlineData("token=a&token=b&x=1&x=2")]
    [InlineData("token=a&token_type_hint=access_token&token_type_hint=access_token")]
    [InlineData("token=a&resource=https://a.test&resource=https://b.test")]
    [InlineData("token=a&client_id=a&client_id=b")]
    public async Task C12_C13_No_other_parameter_may_stand_twice(string body) =>
        (await PostRawAsync(body, acme.Orders)).ShouldBeError(400, "invalid_request", "A parameter stands in the body twice.");

    [Fact]
    public async Task I03_I05_No_hint_changes_the_answer()
    {
        var token = await acme.TokenAsync();
        var without = await acme.OAuth.IntrospectAllAsync(acme.Orders, token, "unknown");
        (await acme.OAuth.PostAsync(OAuthCalls.Batch, acme.Orders, ("token", token), ("token_type_hint", "refresh_token"), ("token", "unknown"))).Shape().ShouldBe(without.Shape());
    }

    [Fact]
    public async Task I07_I08_I09_I40_Who_may_not_ask_about_one_may_not_ask_about_many()
    {
        string[] tokens = [await acme.TokenAsync(), "x"];
        (await acme.OAuth.IntrospectAllAsync(null, tokens)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.IntrospectAllAsync(acme.Orders with { Secret = "wrong" }, tokens)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.IntrospectAllAsync(acme.Spa, tokens)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.IntrospectAllAsync(acme.Mute, tokens)).ShouldBeError(403, "access_denied");
        // Before the request itself is judged (I-02).
        (await acme.OAuth.IntrospectAllAsync(null)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.IntrospectAllAsync(acme.Mute, Enumerable.Repeat("x", 101))).ShouldBeError(403, "access_denied");
    }

    [Fact]
    public async Task I18_C01_C02_C04_Only_POST_of_a_form_is_answered()
    {
        (await acme.OAuth.GetAsync(OAuthCalls.Batch + "?token=x")).ShouldBeError(405, "invalid_request");
        using var json = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Batch) { Content = new StringContent("{\"token\":[\"x\"]}", null, "application/json") };
        (await acme.OAuth.SendAsync(json)).ShouldBeError(415, "invalid_request");
    }

    [Fact]
    public async Task I07_Every_way_of_authentication_of_introspection_is_good_here_too()
    {
        (await acme.OAuth.PostAsync(OAuthCalls.Batch, null, ("client_id", acme.Orders.Id), ("client_secret", acme.Orders.Secret!), ("token", "x"), ("token", "y"))).Text.ShouldBe("""{"results":[{"active":false},{"active":false}]}""");
        var mine = await acme.Admin.IssueAsync(new { client_id = acme.Orders.Id, scope = "touchstone:introspect", aud = TestServer.DefaultIssuer });
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Batch) { Content = new FormUrlEncodedContent([new("token", await acme.TokenAsync())]) };
        request.Headers.Authorization = new("Bearer", mine);
        (await acme.OAuth.SendAsync(request)).Text.ShouldStartWith("""{"results":[{"active":true,""");
    }

    [Fact]
    public async Task E22_The_metadata_names_it()
    {
        var url = new Uri((await acme.OAuth.MetadataAsync()).GetProperty("touchstone_introspection_batch_endpoint").GetString()!);
        (await acme.OAuth.PostAsync(url.AbsolutePath, acme.Orders, ("token", "x"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task L06_A_store_that_fails_for_one_token_fails_the_whole()
    {
        var (server, store) = await ProbedStore.StartAsync();
        await using var _ = server;
        var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        var left = 2;
        store.BeforeFind = () => Interlocked.Decrement(ref left) < 0 ? throw new StoreException("fault") : Task.CompletedTask;
        (await server.OAuth.IntrospectAllAsync(caller, "a", "b", "c", "d")).ShouldBeError(503, "temporarily_unavailable");
        store.BeforeFind = () => Task.CompletedTask;
        (await server.OAuth.IntrospectAllAsync(caller, "a", "b")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task All_tokens_are_looked_for_before_the_first_is_waited_for()
    {
        var (server, store) = await ProbedStore.StartAsync();
        await using var _ = server;
        var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        var allAreThere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = 0;
        store.BeforeFind = () =>
        {
            if (Interlocked.Increment(ref begun) == 100) allAreThere.SetResult();
            return allAreThere.Task;
        };
        (await server.OAuth.IntrospectAllAsync(caller, Enumerable.Range(0, 100).Select(i => $"token-{i}")).WaitAsync(TimeSpan.FromSeconds(30))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Each_token_is_recorded_before_the_answer()
    {
        await using var server = await TestServer.StartAsync(options => options.Audit.Introspection = IntrospectionAudit.All);
        var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        await server.Admin.AddClientAsync(new { client_id = "shop", kind = "client" });
        var token = await server.Admin.IssueAsync(new { client_id = "shop", jti = "j-batch", aud = Acme.OrdersApi });
        await server.OAuth.IntrospectAllAsync(caller, "unknown-1", token, "tst_at_mistyped", "unknown-2");

        using var query = AuditQuery.Open(server.Data, new AuditFilter { Kinds = [AuditKind.Introspected] }, TestStore.Connection(server.Data));
        query.All().Select(record => (Text(record, "outcome"), Text(record, "reason"), Text(record, "jti"), Text(record, "token"))).ShouldBe(
        [
            ("inactive", "unknown", null, TokenHash.Of("unknown-1").ToString()[..16]), ("active", null, "j-batch", TokenHash.Of(token).ToString()[..16]),
            ("inactive", "malformed", null, null), ("inactive", "unknown", null, TokenHash.Of("unknown-2").ToString()[..16]),
        ]);
    }

    [Fact]
    public async Task A_journal_that_fails_fails_the_whole()
    {
        await using var server = await TestServer.StartAsync(options => options.Audit.Introspection = IntrospectionAudit.All);
        var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        server.Services.GetRequiredService<IntrospectionJournal>().BeforeWrite = () => throw new IOException("fault");
        (await server.OAuth.IntrospectAllAsync(caller, "a", "b")).ShouldBeError(503, "temporarily_unavailable");
    }

    private static string? Text(JsonElement record, string name) => record.TryGetProperty(name, out var value) ? value.GetString() : null;

    private Task<Answer> PostRawAsync(string body, TestClient caller)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Batch) { Content = new StringContent(body, null, "application/x-www-form-urlencoded") };
        request.Headers.TryAddWithoutValidation("Authorization", caller.Basic);
        return acme.OAuth.SendAsync(request);
    }
}

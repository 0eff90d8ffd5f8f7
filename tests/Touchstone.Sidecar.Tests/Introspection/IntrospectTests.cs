using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Touchstone.Client;
using Touchstone.Sidecar.Introspection;
using Touchstone.Sidecar.Tests.ForwardAuth;

namespace Touchstone.Sidecar.Tests.Introspection;

/// <summary><c>/introspect</c>: an introspection endpoint like any, that answers from memory.</summary>
public sealed class IntrospectTests : IAsyncLifetime
{
    private const string More = "introspect: { callers: { client_id: reports, client_secret: \"a secret of reports\" } }";

    private SidecarSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await SidecarSite.OpenAsync(more: More);

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task It_says_what_the_server_says_and_asks_it_once()
    {
        var token = await _site.TokenAsync();
        var (status, first) = await AskAsync(token);
        var (_, second) = await AskAsync(token);
        (status, first.GetProperty("active").GetBoolean(), first.GetProperty("sub").GetString(), first.GetProperty("scope").GetString()).ShouldBe((HttpStatusCode.OK, true, "alice", "orders:read"));
        first.GetProperty("exp").ValueKind.ShouldBe(JsonValueKind.Number);
        second.GetRawText().ShouldBe(first.GetRawText());
        var (_, inactive) = await AskAsync("made-up");
        inactive.GetRawText().ShouldBe("{\"active\":false}");
        (await _site.Http.GetStringAsync(new Uri(_site.Admin, "/status"))).ShouldContain("\"active_entries\":1");
    }

    [Fact]
    public async Task Any_client_of_an_introspection_endpoint_can_be_pointed_at_it()
    {
        await using var client = new IntrospectionClient(new TokenIntrospectionOptions { IntrospectionEndpoint = new Uri(_site.Address, "/introspect"), ClientId = "reports", ClientSecret = "a secret of reports" }, time: _site.Server.Time);
        (await client.IntrospectAsync(await _site.TokenAsync())).Token!.Subject.ShouldBe("alice");
        await using var other = new IntrospectionClient(new TokenIntrospectionOptions { IntrospectionEndpoint = new Uri(_site.Address, "/introspect"), ClientId = "reports", ClientSecret = "another" }, time: _site.Server.Time);
        (await other.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Refused);
    }

    [Fact]
    public async Task A_revoked_token_is_inactive_once_the_feed_has_told_of_it()
    {
        var token = await _site.TokenAsync();
        await AskAsync(token);
        await _site.Server.Admin.RevokeAsync(token);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await AskAsync(token)).Json.GetProperty("active").GetBoolean()) patience.Token.ThrowIfCancellationRequested();
    }

    [Theory]
    [InlineData("reports", "wrong", 401), InlineData("nobody", "a secret of reports", 401), InlineData("reports", "", 401), InlineData(null, null, 401)]
    public async Task Who_is_not_known_is_refused_and_told_nothing(string? id, string? secret, int status)
    {
        using var request = Request("token=t", id, secret);
        using var response = await _site.Http.SendAsync(request);
        ((int)response.StatusCode, response.Headers.WwwAuthenticate.Single().Scheme).ShouldBe((status, "Basic"));
        (await response.Content.ReadAsStringAsync()).ShouldContain("invalid_client");
    }

    [Theory]
    [InlineData("", "application/x-www-form-urlencoded", 400), InlineData("token=", "application/x-www-form-urlencoded", 400), InlineData("token=a&token=b", "application/x-www-form-urlencoded", 400), InlineData("token=%zz", "application/x-www-form-urlencoded", 400), InlineData("{}", "application/json", 415)]
    public async Task L47_What_is_malformed_is_a_fault_of_the_caller(string body, string type, int status)
    {
        using var request = Request(body);
        request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var response = await _site.Http.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(status);
        (await response.Content.ReadAsStringAsync()).ShouldContain("invalid_request");
    }

    [Fact]
    public async Task A_body_that_is_too_large_and_another_method_are_refused()
    {
        using var large = Request("token=" + new string('a', 70_000));
        (await _site.Http.SendAsync(large)).StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await _site.Http.GetAsync(new Uri(_site.Address, "/introspect"))).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task When_nobody_can_be_asked_it_is_503_and_what_is_kept_is_still_said()
    {
        var token = await _site.TokenAsync();
        await AskAsync(token);
        await _site.Server.DisposeAsync();
        (await AskAsync(token)).Json.GetProperty("active").GetBoolean().ShouldBeTrue("the lease is held");
        var (status, error) = await AskAsync("another");
        (status, error.GetProperty("error").GetString()).ShouldBe((HttpStatusCode.ServiceUnavailable, "temporarily_unavailable"));
    }

    [Fact]
    public async Task What_operators_invalidate_is_asked_again()
    {
        var token = await _site.TokenAsync();
        await AskAsync(token);
        foreach (var expected in new[] { true, false }) (await InvalidateAsync("token=" + token)).Json.GetProperty("was_kept").GetBoolean().ShouldBe(expected);
        (await InvalidateAsync("other=1")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await AskAsync(token)).Json.GetProperty("active").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public void A_caller_has_as_many_turns_as_it_may_and_takes_none_of_another()
    {
        var (reports, others) = (new LocalCaller("reports", static () => "s"), new LocalCaller("others", static () => "s"));
        var turns = new CallersAtOnce(2);
        var first = turns.TryEnter(reports).ShouldNotBeNull();
        turns.TryEnter(reports).ShouldNotBeNull();
        turns.TryEnter(reports).ShouldBeNull();
        turns.TryEnter(others).ShouldNotBeNull();
        turns.TryEnter(null).ShouldNotBeNull();
        first.Dispose();
        turns.TryEnter(reports).ShouldNotBeNull();
        turns.TryEnter(reports).ShouldBeNull();
    }

    [Fact]
    public async Task L47_More_questions_of_one_caller_than_it_may_have_at_once_are_told_to_wait()
    {
        // A server that takes a question and answers when it is told to.
        var (came, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var slow = await SlowServer.StartAsync(async () =>
        {
            came.TrySetResult();
            await go.Task;
        });
        await using var site = await SidecarSite.OpenAsync(more: "introspect: { max_concurrent: 1, callers: { client_id: reports, client_secret: \"a secret of reports\" } }", introspection: slow.Address);
        var known = Task.Run(() => AskAsync(site, "one"));
        await came.Task;
        using var refused = await AskAsync(site, "two");
        ((int)refused.StatusCode, refused.Headers.RetryAfter?.ToString(), (await refused.Content.ReadAsStringAsync()).Contains("rate_limit_exceeded", StringComparison.Ordinal)).ShouldBe((429, "1", true));
        go.SetResult();
        using var answered = await known;
        using var then = await AskAsync(site, "two");
        (answered.StatusCode, then.StatusCode).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK));

        async Task<HttpResponseMessage> AskAsync(SidecarSite asked, string token)
        {
            using var request = Request("token=" + token);
            request.RequestUri = new Uri(asked.Address, "/introspect");
            return await asked.Http.SendAsync(request);
        }
    }

    [Fact]
    public async Task Without_callers_there_is_none()
    {
        await using var site = await SidecarSite.OpenAsync();
        using var request = Request("token=t");
        request.RequestUri = new Uri(site.Address, "/introspect");
        (await site.Http.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private async Task<(HttpStatusCode Status, JsonElement Json)> AskAsync(string token)
    {
        using var request = Request("token=" + token);
        using var response = await _site.Http.SendAsync(request);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    private async Task<(HttpStatusCode Status, JsonElement Json)> InvalidateAsync(string body)
    {
        using var content = new StringContent(body, Encoding.ASCII, "application/x-www-form-urlencoded");
        using var response = await _site.Http.PostAsync(new Uri(_site.Admin, "/cache/invalidate"), content);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    private HttpRequestMessage Request(string body, string? id = "reports", string? secret = "a secret of reports")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_site.Address, "/introspect")) { Content = new StringContent(body, Encoding.ASCII, "application/x-www-form-urlencoded") };
        if (id is not null) request.Headers.Authorization = AuthenticationHeaderValue.Parse(Protocol.ClientAuth.ClientCredentials.Basic(id, secret!));
        return request;
    }
}

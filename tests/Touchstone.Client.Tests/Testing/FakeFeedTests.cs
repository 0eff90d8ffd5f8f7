using System.Net;
using System.Text.Json;
using Touchstone.Client.Testing;

namespace Touchstone.Client.Tests.Testing;

/// <summary>The feed of the fake as docs/feed.md has it, for followers of other kinds and for the rules that ours keeps anyway.</summary>
public sealed class FakeFeedTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly FakeAuthorizationServer _server;
    private readonly HttpClient _http;

    public FakeFeedTests()
    {
        _server = new FakeAuthorizationServer(_time);
        _http = new HttpClient(_server.CreateHandler()) { BaseAddress = _server.Issuer };
    }

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Who_holds_nothing_is_told_where_the_log_is()
    {
        _server.Revoke(_server.Issue());
        var (status, answer) = await PollAsync("nonce=n1");
        status.ShouldBe(HttpStatusCode.OK);
        (answer.GetProperty("nonce").GetString(), answer.GetProperty("lease_seconds").GetInt64(), answer.GetProperty("floor").GetInt64()).ShouldBe(("n1", 15, 1));
        answer.GetProperty("events").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Rows_after_a_cursor_are_told_in_order_with_the_tags_of_their_answers()
    {
        var tokens = new[] { _server.Issue(), _server.Issue() };
        var head = (await PollAsync("nonce=1")).Answer.GetProperty("head").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/oauth/introspect") { Content = new FormUrlEncodedContent([new("token", tokens[0])]), Headers = { { "Touchstone-Follow", "1" } } };
        using var response = await _http.SendAsync(request);
        response.Headers.GetValues("Touchstone-As-Of").Single().ShouldEndWith(".0");
        var tag = response.Headers.GetValues("Touchstone-Tags").Single();
        _server.Revoke(tokens[1]);
        _server.Revoke(tokens[0]);
        var events = (await PollAsync($"nonce=2&wait=5&after={head}")).Answer.GetProperty("events");
        events.EnumerateArray().Select(row => row.GetProperty("seq").GetInt64()).ShouldBe([1, 2]);
        events[1].GetProperty("tag").GetString().ShouldBe(tag);
        (await PollAsync("nonce=3&after=0")).Answer.GetProperty("events").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task A_poll_waits_for_news_and_not_for_ever()
    {
        var head = (await PollAsync("nonce=1")).Answer.GetProperty("head").GetString();
        var waiting = PollAsync($"nonce=2&wait=3600&after={head}");
        _time.Advance(TimeSpan.FromSeconds(4.9));
        waiting.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.1));
        (await waiting).Answer.GetProperty("head").GetString().ShouldBe(head);
    }

    [Fact]
    public async Task A_cursor_of_another_log_is_gone()
    {
        var (status, answer) = await PollAsync($"nonce=1&after={new string('a', 32)}.7.{new string('b', 32)}");
        (status, answer.GetProperty("floor").GetInt64()).ShouldBe((HttpStatusCode.Gone, 0));
    }

    [Theory]
    [InlineData("wait=1")]
    [InlineData("nonce=1&after=x")]
    public async Task What_can_not_be_understood_is_400(string query) => (await PollAsync(query)).Status.ShouldBe(HttpStatusCode.BadRequest);

    [Fact]
    public async Task A_poll_that_waits_fails_with_the_outage()
    {
        var head = (await PollAsync("nonce=1")).Answer.GetProperty("head").GetString();
        var waiting = PollAsync($"nonce=2&wait=5&after={head}");
        _server.Fail(IntrospectionFault.ServerError);
        (await waiting).Status.ShouldBe(HttpStatusCode.InternalServerError);
    }

    private async Task<(HttpStatusCode Status, JsonElement Answer)> PollAsync(string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/feed?" + query) { Headers = { { "Touchstone-Follower", "test;instance=12345678" } } };
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text));
    }
}

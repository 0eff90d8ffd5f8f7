using System.Text.Json.Nodes;
using Touchstone.Client.Testing;

namespace Touchstone.Client.Tests.Testing;

/// <summary>The fake, asked by the real client.</summary>
public sealed class FakeAuthorizationServerTests : IAsyncDisposable
{
    private readonly FakeAuthorizationServer _server = new();
    private readonly IntrospectionClient _client;

    public FakeAuthorizationServerTests() => _client = NewClient();

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task A_token_is_what_it_was_issued_as()
    {
        var token = _server.Issue(["orders:read", "orders:write"], "u-1", ["https://a.test/", "https://b.test/"], clientId: "web", claims: new JsonObject { ["tenant"] = "acme", ["level"] = 3, ["roles"] = new JsonArray("x", "y") });
        var result = await _client.IntrospectAsync(token);
        result.IsActive.ShouldBeTrue();
        (result.Token!.Subject, result.Token.ClientId, result.Token.Issuer).ShouldBe(("u-1", "web", "https://authorization-server.test"));
        result.Token.Scopes.ShouldBe(["orders:read", "orders:write"]);
        result.Token.Audience.ShouldBe(["https://a.test/", "https://b.test/"]);
        var members = result.Token.ReadMembers();
        (members.GetProperty("tenant").GetString(), members.GetProperty("level").GetInt32(), members.GetProperty("roles").GetArrayLength()).ShouldBe(("acme", 3, 2));
        (members.GetProperty("exp").GetInt64() - members.GetProperty("iat").GetInt64()).ShouldBe(3600);
    }

    [Fact]
    public async Task L14_A_claim_can_not_take_the_place_of_what_the_server_says()
    {
        foreach (var name in new[] { "active", "exp", "Sub", "scope", "aud" }) Should.Throw<ArgumentException>(() => _server.Issue(claims: new JsonObject { [name] = "x" }));
        (await _client.IntrospectAsync(_server.Issue(claims: new JsonObject { ["cnf"] = new JsonObject { ["jkt"] = "x" } }))).IsActive.ShouldBeTrue();
    }

    [Fact]
    public async Task What_it_did_not_issue_and_what_has_expired_is_inactive()
    {
        (await _client.IntrospectAsync("at.1")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (await _client.IntrospectAsync(_server.Issue(expiresIn: TimeSpan.Zero))).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        Should.Throw<ArgumentException>(() => _server.Revoke("at.1"));
    }

    [Fact]
    public async Task What_is_kept_is_current_and_asked_for_once()
    {
        var token = _server.Issue();
        for (var i = 0; i < 3; i++) (await _client.IntrospectAsync(token)).IsActive.ShouldBeTrue();
        (_server.Calls, _client.Status.Feed, _client.Status.Entries).ShouldBe((1, FeedState.Followed, 1));
    }

    [Fact]
    public async Task Who_follows_has_enforced_a_revocation_when_it_is_answered()
    {
        await using var other = NewClient();
        for (var i = 0; i < 50; i++)
        {
            var (token, spared) = (_server.Issue(), _server.Issue());
            foreach (var client in new[] { _client, other })
            {
                (await client.IntrospectAsync(token)).IsActive.ShouldBeTrue();
                (await client.IntrospectAsync(spared)).IsActive.ShouldBeTrue();
            }
            await _server.RevokeAsync(token);
            foreach (var client in new[] { _client, other })
            {
                (await client.IntrospectAsync(token)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
                (await client.IntrospectAsync(spared)).Source.ShouldBe(IntrospectionSource.Memory, "nobody revoked this one");
            }
        }
        _client.Status.FeedHead.ShouldBe(50);
    }

    [Fact]
    public async Task Revoke_tells_followers_without_a_wait()
    {
        var token = _server.Issue();
        await _client.IntrospectAsync(token);
        _server.Revoke(token);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await _client.IntrospectAsync(token)).IsActive) patience.Token.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task A_client_that_went_away_is_not_waited_for()
    {
        var token = _server.Issue();
        await using (var leaving = NewClient()) await leaving.IntrospectAsync(token);
        await _server.RevokeAsync(token).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(IntrospectionFault.Unreachable)]
    [InlineData(IntrospectionFault.Timeout)]
    [InlineData(IntrospectionFault.ServerError)]
    [InlineData(IntrospectionFault.Throttled)]
    [InlineData(IntrospectionFault.Refused)]
    [InlineData(IntrospectionFault.Malformed)]
    public async Task An_outage_is_the_fault_that_was_asked_for_and_ends(IntrospectionFault fault)
    {
        var token = _server.Issue();
        await _client.IntrospectAsync(token);
        var calls = _server.Calls;

        _server.Fail(fault);
        var result = await _client.IntrospectAsync(_server.Issue());
        (result.Outcome, result.Fault, _server.Calls).ShouldBe((IntrospectionOutcome.CannotTell, fault, calls + 1));

        _server.Recover();
        (await _client.IntrospectAsync(_server.Issue())).IsActive.ShouldBeTrue();
    }

    [Theory]
    [InlineData(IntrospectionFault.None)]
    [InlineData(IntrospectionFault.BreakerOpen)]
    [InlineData(IntrospectionFault.Overloaded)]
    [InlineData(IntrospectionFault.Outdated)]
    public void What_no_server_causes_can_not_be_asked_for(IntrospectionFault fault) => Should.Throw<ArgumentOutOfRangeException>(() => _server.Fail(fault));

    [Fact]
    public async Task It_fails_before_it_was_found_and_is_found_afterwards()
    {
        _server.Fail(IntrospectionFault.Unreachable);
        (await _client.IntrospectAsync("at.1")).Fault.ShouldBe(IntrospectionFault.Unreachable);
        _server.Calls.ShouldBe(0, "nobody knew where to ask");
        _client.Status.IsServerFound.ShouldBeFalse();
    }

    [Fact]
    public async Task Retry_After_is_told()
    {
        using var http = new HttpClient(_server.CreateHandler());
        _server.Fail(IntrospectionFault.Throttled);
        (await http.GetAsync(new Uri(_server.Issuer, "/feed"))).Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        _server.Fail(IntrospectionFault.ServerError, TimeSpan.FromSeconds(60));
        (await http.GetAsync(new Uri(_server.Issuer, "/feed"))).Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(60));
    }

    private IntrospectionClient NewClient()
    {
        var options = new TokenIntrospectionOptions { Retries = 0, TryTimeout = TimeSpan.FromSeconds(1) };
        _server.Configure(options);
        return new IntrospectionClient(options);
    }
}

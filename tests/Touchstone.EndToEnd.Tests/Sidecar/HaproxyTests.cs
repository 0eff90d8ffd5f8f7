namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/haproxy as it is shipped, with real HAProxy.</summary>
public sealed class HaproxyTests(HaproxyUnderTest proxy) : ProxyRules<HaproxyUnderTest>(proxy)
{
    private readonly HaproxyUnderTest _proxy = proxy;

    [Fact]
    public async Task L44_What_a_client_says_of_trailers_takes_nothing_away_behind()
    {
        var token = await _proxy.IssueAsync();
        _proxy.Site.Service.Clear();
        (await ProxyUnderTest.AskAsync("/orders", token, "TE: trailers\nTrailer: X-User\nKeep-Alive: X-User\nProxy-Connection: X-User")).Status.ShouldBe(200);
        var told = _proxy.Site.Service.Requests.ShouldHaveSingleItem();
        foreach (var name in new[] { "Trailer", "Keep-Alive", "Proxy-Connection" }) told.All(name).ShouldBeEmpty(name);
    }

    [Fact]
    public async Task A_long_target_is_no_outage()
    {
        var token = await _proxy.IssueAsync();
        (await ProxyUnderTest.AskAsync("/orders/" + new string('a', 40_000), token)).Status.ShouldBeOneOf(200, 400, 403);
    }
}

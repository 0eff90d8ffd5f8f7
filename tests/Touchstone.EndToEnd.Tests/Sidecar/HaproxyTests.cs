namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/haproxy as it is shipped, with real HAProxy.</summary>
public sealed class HaproxyTests(HaproxyUnderTest proxy) : ProxyRules<HaproxyUnderTest>(proxy)
{
    private readonly HaproxyUnderTest _proxy = proxy;

    [Fact]
    public async Task A_long_target_is_no_outage()
    {
        var token = await _proxy.IssueAsync();
        (await ProxyUnderTest.AskAsync("/orders/" + new string('a', 40_000), token)).Status.ShouldBeOneOf(200, 400, 403);
    }
}

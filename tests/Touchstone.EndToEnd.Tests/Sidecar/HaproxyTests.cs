namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/haproxy as it is shipped, with real HAProxy.</summary>
public sealed class HaproxyTests : SampleTests
{
    private protected override SampleProxy Proxy => SampleProxy.Haproxy;

    private protected override string AliasOfControl => "X_Original_URI: /healthz";

    [Fact]
    public async Task A_refusal_says_when_to_ask_again_and_a_long_target_is_no_outage()
    {
        ProxySite.Need(Proxy);
        await using var site = await ProxySite.StartAsync(Proxy);
        (await AskAsync("/orders/" + new string('a', 40_000), site.Server.DemoToken)).Status.ShouldBeOneOf(200, 400, 403);
        await site.Server.Kill9Async();
        var answer = await AskAsync("/orders", "never-seen");
        (answer.Status, answer.Header("Retry-After"), answer.Header("WWW-Authenticate"), answer.Body.Length).ShouldBe((503, "1", null, 0));
    }

    private static Task<Answer> AskAsync(string target, string token) => RawHttp.SendAsync(ProxySite.Front, $"GET {target} HTTP/1.1\nHost: a.test\nAuthorization: Bearer {token}\nConnection: close\n\n");
}

using System.Net;
using System.Net.Http.Headers;
using Touchstone.EndToEnd.Tests.Load;
using Touchstone.Sidecar.Tests.Rules;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/nginx as it is shipped: real nginx, the sidecar, and the demo server, with a service behind.</summary>
[Collection(LoadCollection.Name)]
public sealed class NginxTests
{
    [Fact]
    public async Task L40_L44_The_sample_lets_pass_what_its_rules_say_and_nothing_else()
    {
        ProxySite.Need(SampleProxy.Nginx);
        await using var site = await ProxySite.StartAsync(SampleProxy.Nginx);
        var token = site.Server.DemoToken;

        // Nobody, somebody, and who says to be somebody else.
        var none = await site.GetAsync("/orders", null);
        (none.Status, none.Challenge).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"demo\""));
        (await site.GetAsync("/healthz", null)).Status.ShouldBe(HttpStatusCode.OK);
        var served = await site.GetAsync("/orders/17?x=1", token, ("X-User", "root"), ("X_User", "root"));
        (served.Status, served.Body).ShouldBe((HttpStatusCode.OK, "GET /orders/17 X-User=alice X-Scope=orders:read orders:write"));
        (await site.GetAsync("/nowhere", token)).Status.ShouldBe(HttpStatusCode.Forbidden);

        // Whatever the client calls the path, nothing behind is reached that no rule names.
        site.Service.Reached.Clear();
        foreach (var target in Traversals.All.Where(target => target.StartsWith('/') && target.All(c => c is > ' ' and < (char)0x7f)))
        {
            var answer = await RawHttp.SendAsync(ProxySite.Front, $"GET {target.Replace("/public", "/orders", StringComparison.Ordinal)} HTTP/1.1\nHost: a.test\nAuthorization: Bearer {token}\nConnection: close\n\n");
            new[] { 400, 401, 403 }.ShouldContain(answer.Status, target);
        }
        site.Service.Reached.ShouldBeEmpty();

        // A revoked token.
        await site.RevokeAsync();
        await Until.TrueAsync(async () => (await site.GetAsync("/orders", token)).Status is HttpStatusCode.Unauthorized, "nginx refuses it", TimeSpan.FromSeconds(2));

        // An outage is told as one: what nobody can be asked about is neither refused for good nor a fault of the server.
        await site.Server.Kill9Async();
        (await site.GetAsync("/orders", "never-seen")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await site.GetAsync("/healthz", null)).Status.ShouldBe(HttpStatusCode.OK);
    }
}

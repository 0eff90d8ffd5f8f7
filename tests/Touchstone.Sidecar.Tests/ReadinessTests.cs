using System.Net;
using Touchstone.Sidecar.Tests.ForwardAuth;

namespace Touchstone.Sidecar.Tests;

/// <summary>Whether requests are to be sent here.</summary>
public sealed class ReadinessTests
{
    [Theory]
    [InlineData("ready_when: rules", HttpStatusCode.OK), InlineData("ready_when: feed", HttpStatusCode.ServiceUnavailable)]
    public async Task In_an_outage_it_is_ready_unless_the_feed_is_asked_for(string more, HttpStatusCode expected)
    {
        await using var site = await SidecarSite.OpenAsync(more: more);
        (await ReadyAsync(site)).Status.ShouldBe(HttpStatusCode.OK);
        await site.Server.DisposeAsync();
        site.Server.Time.AdvanceSeconds(60);
        (await ReadyAsync(site)).Status.ShouldBe(expected);
    }

    [Fact]
    public async Task Told_to_stop_it_first_says_that_it_is_not_ready_and_answers_until_its_time_is_over()
    {
        await using var site = await SidecarSite.OpenAsync(more: "drain: 5s");
        var address = site.Address;
        var stopping = site.Sidecar.DisposeAsync().AsTask();
        (await ReadyAsync(site)).ShouldBe((HttpStatusCode.ServiceUnavailable, "{\"status\":\"it is stopping\"}"));
        site.Server.Time.AdvanceSeconds(4);
        (await site.AskAsync("nginx", "GET", "orders.acme.test", "/healthz", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        stopping.IsCompleted.ShouldBeFalse();
        site.Server.Time.AdvanceSeconds(1);
        await stopping.WaitAsync(TimeSpan.FromSeconds(30));
        await Should.ThrowAsync<HttpRequestException>(() => site.Http.GetAsync(address));
    }

    private static async Task<(HttpStatusCode Status, string Body)> ReadyAsync(SidecarSite site)
    {
        using var response = await site.Http.GetAsync(new Uri(site.Admin, "/health/ready"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}

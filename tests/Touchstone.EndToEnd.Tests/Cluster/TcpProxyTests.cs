namespace Touchstone.EndToEnd.Tests.Cluster;

/// <summary>The proxy that plays a network: here between a client and a server.</summary>
public sealed class TcpProxyTests(SharedServer shared)
{
    [Fact]
    public async Task What_is_cut_ends_what_is_swallowed_arrives_later_and_what_is_restored_passes()
    {
        await using var proxy = TcpProxy.Start(shared.Server.Port);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{proxy.Port}") };
        (await LiveAsync(http)).ShouldBeTrue();

        proxy.Cut();
        await Should.ThrowAsync<HttpRequestException>(() => LiveAsync(http));
        await Until.TrueAsync(() => proxy.Connections == 0, "its connections are gone");
        proxy.Restore();
        (await LiveAsync(http)).ShouldBeTrue();

        proxy.Swallow();
        var asked = LiveAsync(http);
        var another = LiveAsync(http); // On a new connection: it opens, and carries nothing.
        await Until.TrueAsync(() => proxy.Connections == 2, "both are sent");
        (asked.IsCompleted || another.IsCompleted).ShouldBeFalse();
        proxy.Restore();
        (await asked && await another).ShouldBeTrue();
    }

    private static async Task<bool> LiveAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/health/live");
        return answer.IsSuccessStatusCode;
    }
}

namespace Touchstone.Server.Tests.Lessons;

/// <summary>L04: what was revoked, disabled or rotated stays so over any number of restarts.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task L04_Nothing_revoked_comes_back()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        Acme first;
        var (alive, dead, ofGrant, refresh, ofDisabled) = ("", "", "", "", "");
        await using (first = await Acme.StartAsync(data: folder.Path, time: time))
        {
            alive = await first.TokenAsync();
            dead = await first.TokenAsync();
            refresh = await first.RefreshTokenAsync("g-1");
            ofGrant = await first.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, grant = "g-1" });
            ofDisabled = await first.OAuth.TokenOfAsync(first.Mute);
            await first.OAuth.RevokeAsync(dead, first.Shop);
            await first.OAuth.RevokeAsync(refresh, first.Shop);
            await first.Admin.ChangeAsync("mute", "disable");
            await first.Admin.ChangeAsync("mute", "enable");
        }
        for (var restart = 0; restart < 3; restart++)
        {
            await using var server = await TestServer.StartAsync(options => options.RecordCacheBytes = restart == 1 ? 0 : 1 << 20, data: folder.Path, time: time);
            (await server.OAuth.IntrospectAsync(alive, first.Orders)).ShouldBeActive();
            foreach (var token in (string[])[dead, ofGrant, ofDisabled]) (await server.OAuth.IntrospectAsync(token, first.Orders)).ShouldBeInactive();
            (await server.OAuth.IntrospectAsync(refresh, first.Shop)).ShouldBeInactive();
            (await server.OAuth.IntrospectAsync(await server.OAuth.TokenOfAsync(first.Mute), first.Orders)).ShouldBeActive();
        }
    }

    [Fact]
    public async Task L04_An_old_secret_ends_on_time_after_a_restart_too()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        Acme first;
        string? young;
        await using (first = await Acme.StartAsync(data: folder.Path, time: time))
        {
            young = (await first.Admin.ChangeAsync("web-shop", "rotate-secret", new { overlap_seconds = 100 })).GetProperty("client_secret").GetString();
        }
        await using var server = await TestServer.StartAsync(data: folder.Path, time: time);
        (await server.OAuth.GrantAsync(first.Shop)).Status.ShouldBe(200);
        time.AdvanceSeconds(100);
        (await server.OAuth.GrantAsync(first.Shop)).ShouldBeError(401, "invalid_client");
        (await server.OAuth.GrantAsync(first.Shop with { Secret = young })).Status.ShouldBe(200);
    }
}

using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;
using Touchstone.Server.Detection;
using Touchstone.Server.Limits;
using Touchstone.Server.Tests.Audit;
using Touchstone.Server.Tests.Limits;

namespace Touchstone.Server.Tests.Detection;

/// <summary>One active token that is introspected from many addresses.</summary>
public sealed class TokenSpreadTests
{
    private static async Task<(TestServer Server, TestClient Orders, string Token)> StartAsync(AuditedFolder folder, DetectionMode mode)
    {
        var server = await TestServer.StartAsync(
            options =>
            {
                options.Unlimit();
                options.Limits.TrustedProxies = ["127.0.0.1"];
                options.Detection.TokenSpread = mode;
            },
            data: folder.Data);
        var orders = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        await server.Admin.AddClientAsync(new { client_id = "shop", kind = "client", audience = new[] { Acme.OrdersApi } });
        return (server, orders, await server.Admin.IssueAsync(new { client_id = "shop", sub = "u-1", aud = Acme.OrdersApi, expires_in = 86400 }));
    }

    [Fact]
    public async Task It_is_told_once_with_the_token_by_the_prefix_of_its_hash()
    {
        using var folder = new AuditedFolder();
        var (server, orders, token) = await StartAsync(folder, DetectionMode.Observe);
        await using (server)
        {
            var told = 0;
            for (var host = 1; host <= 200; host++)
            {
                (await server.IntrospectFromAsync($"192.0.2.{host}", token, orders)).ShouldBeActive();
                if (told == 0 && server.Logs.Lines.Any(line => line.Id.Id == 91)) told = host;
            }
            told.ShouldBeInRange(20, 60); // 32, counted in 64 bits.
            await server.Services.GetRequiredService<AuditLog>().FlushAsync();
        }
        var record = folder.Records(AuditKind.Detection).Single();
        record.GetProperty("reason").GetString().ShouldBe("token_spread");
        record.GetProperty("outcome").GetString().ShouldBe("observed");
        record.GetProperty("client").GetString().ShouldBe("shop");
        record.GetProperty("subject").GetString().ShouldBe("u-1");
        record.GetProperty("actor").GetString().ShouldBe("rs");
        record.GetProperty("token").GetString()!.Length.ShouldBe(16);
        record.GetRawText().ShouldNotContain(token);
    }

    [Fact]
    public async Task Blocked_are_new_addresses_for_that_token_until_the_span_ends()
    {
        using var folder = new AuditedFolder();
        var (server, orders, token) = await StartAsync(folder, DetectionMode.Block);
        await using var _ = server;
        var other = await server.Admin.IssueAsync(new { client_id = "shop", aud = Acme.OrdersApi, expires_in = 86400 });
        var refused = new List<string>();
        for (var host = 1; host <= 200; host++)
        {
            var answer = await server.IntrospectFromAsync($"192.0.2.{host}", token, orders);
            if (answer.Status == 200) continue;
            answer.ShouldBeError(429, "rate_limit_exceeded", "This token is introspected from too many addresses.").Header("Retry-After").ShouldBe("600");
            refused.Add($"192.0.2.{host}");
        }
        refused.Count.ShouldBeGreaterThan(50);
        (await server.IntrospectFromAsync("192.0.2.1", token, orders)).ShouldBeActive();
        (await server.IntrospectFromAsync(refused[0], other, orders)).ShouldBeActive();
        (await server.IntrospectFromAsync(refused[0], "unknown", orders)).ShouldBeInactive();
        (await server.IntrospectFromAsync(refused[0], token, orders, OAuthCalls.Batch)).ShouldBeError(429, "rate_limit_exceeded");
        (await server.IntrospectFromAsync("192.0.2.1", token, orders, OAuthCalls.Batch)).Status.ShouldBe(200);
        server.Time.AdvanceSeconds(600);
        (await server.IntrospectFromAsync(refused[0], token, orders)).ShouldBeActive();
    }

    [Fact]
    public async Task A_few_addresses_and_many_over_a_long_time_are_nothing()
    {
        using var folder = new AuditedFolder();
        var (server, orders, token) = await StartAsync(folder, DetectionMode.Observe);
        await using (server)
        {
            for (var round = 0; round < 10; round++)
            {
                for (var host = 1; host <= 15; host++) (await server.IntrospectFromAsync($"192.0.{round}.{host}", token, orders)).ShouldBeActive();
                server.Time.AdvanceSeconds(600);
            }
        }
        folder.Records(AuditKind.Detection).ShouldBeEmpty();
    }

    [Theory, InlineData(8), InlineData(32), InlineData(100)]
    public void The_sketch_counts_to_within_a_sixth_on_average(int addresses)
    {
        var limit = AddressSketch.BitsFor(addresses);
        var needed = new List<int>();
        for (var round = 0; round < 300; round++)
        {
            var sketch = new AddressSketch();
            for (var host = 0; ; host++)
            {
                var bit = AddressSketch.BitOf(AddressKey.Of(new IPAddress([10, (byte)round, (byte)(round >> 8), (byte)host])).Hash);
                var count = sketch.CountWith(bit, 1);
                sketch.Add(bit, 1);
                if (count < limit) continue;
                needed.Add(host + 1);
                break;
            }
        }
        needed.Average().ShouldBeInRange(addresses * 5 / 6.0, addresses * 7 / 6.0);
    }
}

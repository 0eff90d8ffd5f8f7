using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;
using Touchstone.Server.Tests.Audit;

namespace Touchstone.Server.Tests.Limits;

/// <summary>What a flood of refused requests leaves in the audit.</summary>
public sealed class LimitHitsTests
{
    [Fact]
    public async Task The_first_is_recorded_at_once_and_the_others_as_one_with_their_number()
    {
        using var folder = new AuditedFolder();
        await using (var server = await TestServer.StartAsync(data: folder.Data))
        {
            var orders = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi }, limits = new { rate = 1, burst = 1 } });
            for (var i = 0; i < 101; i++) await server.OAuth.IntrospectAsync("x", orders);
            server.Time.AdvanceSeconds(10);
            for (var i = 0; i < 8; i++) await server.OAuth.IntrospectAsync("x", orders);
            server.Time.AdvanceSeconds(10);
            server.Time.AdvanceSeconds(10);
            for (var i = 0; i < 3; i++) await server.OAuth.IntrospectAsync("x", orders);
            await server.Services.GetRequiredService<AuditLog>().FlushAsync();
        }

        var records = folder.Records(AuditKind.LimitHit);
        records.Select(record => record.GetProperty("refused").GetInt64()).ShouldBe([1, 99, 7, 1, 1]);
        foreach (var record in records)
        {
            record.GetProperty("reason").GetString().ShouldBe("client_rate");
            record.GetProperty("outcome").GetString().ShouldBe("failure");
            record.GetProperty("client").GetString().ShouldBe("rs");
            record.GetProperty("endpoint").GetString().ShouldBe("introspect");
            record.GetProperty("address").GetString().ShouldBe("127.0.0.1");
        }
        folder.Verify().Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_limit_and_caller_is_told_apart_and_of_too_many_the_rest_is_one()
    {
        using var folder = new AuditedFolder();
        await using (var server = await TestServer.StartAsync(data: folder.Data))
        {
            var hits = server.Services.GetRequiredService<Server.Limits.LimitHits>();
            for (var i = 0; i < 2000; i++) hits.Count("client_rate", $"client-{i}", "introspect", new Microsoft.AspNetCore.Http.DefaultHttpContext());
            hits.Flush();
            await server.Services.GetRequiredService<AuditLog>().FlushAsync();
        }
        var records = folder.Records(AuditKind.LimitHit);
        records.Count.ShouldBe(Server.Limits.LimitHits.MaxKeys + 2);
        records.Sum(record => record.GetProperty("refused").GetInt64()).ShouldBe(2000);
    }
}

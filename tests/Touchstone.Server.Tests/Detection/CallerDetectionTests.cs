using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Introspection;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Detection;
using Touchstone.Server.Tests.Audit;

namespace Touchstone.Server.Tests.Detection;

/// <summary>Callers that scan, and callers that are not as they were.</summary>
public sealed class CallerDetectionTests
{
    private static Task<TestServer> StartAsync(AuditedFolder folder, Action<DetectionOptions>? more = null) => TestServer.StartAsync(
        options =>
        {
            options.Unlimit();
            more?.Invoke(options.Detection);
        },
        data: folder.Data);

    private static Task<TestClient> AddAsync(TestServer server, string id = "rs") => server.Admin.AddClientAsync(new { client_id = id, kind = "resource-server", audience = new[] { Acme.OrdersApi }, tenant = "north" });

    /// <summary>As if it had introspected.</summary>
    private static void Count(TestServer server, int good, int unknown = 0, int expired = 0)
    {
        var activity = server.Services.GetRequiredService<ClientDirectory>().Find("rs")!.Gate.Activity;
        for (var i = 0; i < good; i++) activity.Count(InactiveReason.None);
        for (var i = 0; i < unknown; i++) activity.Count(i % 2 == 0 ? InactiveReason.Unknown : InactiveReason.Malformed);
        for (var i = 0; i < expired; i++) activity.Count(InactiveReason.Expired);
    }

    private static string[] Reasons(AuditedFolder folder) => [.. folder.Records(AuditKind.Detection).Select(record => record.GetProperty("reason").GetString()!)];

    [Fact]
    public async Task I41_A_scan_is_told_within_ten_seconds_and_its_answers_are_like_any()
    {
        using var folder = new AuditedFolder();
        await using (var server = await StartAsync(folder))
        {
            var orders = await AddAsync(server);
            await AddAsync(server, "idle");
            var bodies = new HashSet<string>();
            for (var i = 0; i < 120; i++)
            {
                var token = i % 2 == 0 ? $"random-{i}" : server.Services.GetRequiredService<Server.TokenIssue.TokenIssuer>().CreateToken(Protocol.Tokens.TokenKind.AccessToken);
                bodies.Add((await server.OAuth.IntrospectAsync(token, orders)).Shape());
            }
            bodies.Count.ShouldBe(1);
            bodies.Single().ShouldEndWith("\n\n{\"active\":false}");
            server.Time.AdvanceSeconds(10);
            server.Logs.Lines.Count(line => line.Id.Id == 91).ShouldBe(1);
            (await server.OAuth.IntrospectAsync("still-observed", orders)).ShouldBeInactive();
            await server.Services.GetRequiredService<AuditLog>().FlushAsync();
        }
        var record = folder.Records(AuditKind.Detection).Single();
        record.GetProperty("reason").GetString().ShouldBe("token_scanning");
        record.GetProperty("outcome").GetString().ShouldBe("observed");
        record.GetProperty("client").GetString().ShouldBe("rs");
        record.GetProperty("tenant").GetString().ShouldBe("north");
        record.GetProperty("introspections").GetInt64().ShouldBe(120);
        record.GetProperty("unknown").GetInt64().ShouldBe(120);
        folder.Verify().Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task I41_A_blocked_scanner_gets_429_until_the_block_ends_or_is_lifted()
    {
        using var folder = new AuditedFolder();
        await using var server = await StartAsync(folder, detection => detection.TokenScanning = DetectionMode.Block);
        var orders = await AddAsync(server);
        foreach (var isLifted in (bool[])[true, false])
        {
            Count(server, 0, unknown: 100);
            server.Time.AdvanceSeconds(10);
            var refused = await server.OAuth.IntrospectAsync("x", orders);
            refused.ShouldBeError(429, "rate_limit_exceeded").Header("Retry-After").ShouldBe("300");
            if (isLifted)
            {
                await server.Admin.ChangeAsync("rs", "limits", new { });
                (await server.OAuth.IntrospectAsync("x", orders)).ShouldBeInactive();
                server.Time.AdvanceSeconds(110); // A minute without a scan, so that the next one is told.
            }
            else
            {
                server.Time.AdvanceSeconds(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture));
                (await server.OAuth.IntrospectAsync("x", orders)).ShouldBeInactive();
            }
        }
    }

    [Theory]
    [InlineData(0, 99), InlineData(401, 100)]
    public async Task A_few_unknown_tokens_among_many_good_ones_are_no_scan(int good, int unknown)
    {
        using var folder = new AuditedFolder();
        await using (var server = await StartAsync(folder))
        {
            await AddAsync(server);
            Count(server, good, unknown);
            server.Time.AdvanceSeconds(60);
        }
        Reasons(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_scan_that_goes_on_is_told_once_and_one_that_begins_anew_again()
    {
        using var folder = new AuditedFolder();
        await using (var server = await StartAsync(folder))
        {
            await AddAsync(server);
            for (var minute = 0; minute < 5; minute++) Minute(500);
            Minute(0);
            Minute(500);

            void Minute(int unknown)
            {
                for (var tick = 0; tick < 6; tick++)
                {
                    Count(server, 10, unknown / 6);
                    server.Time.AdvanceSeconds(10);
                }
            }
        }
        Reasons(folder).Count(reason => reason == "token_scanning").ShouldBe(2);
    }

    [Fact]
    public async Task A_rate_far_above_the_past_is_told_once_and_rest_and_little_are_not()
    {
        using var folder = new AuditedFolder();
        await using (var server = await StartAsync(folder))
        {
            await AddAsync(server);
            for (var minute = 0; minute < 30; minute++) Minute(1000 + (minute % 3 * 50));
            for (var minute = 0; minute < 600; minute++) Minute(0);
            Minute(1100);
            Minute(2500);
            Minute(20);
            Minute(4000);
            Minute(4000);
            Minute(1000);

            void Minute(int requests)
            {
                Count(server, requests);
                server.Time.AdvanceSeconds(60);
            }
        }
        Reasons(folder).ShouldBe(["unusual_rate"]);
        folder.Records(AuditKind.Detection).Single().GetProperty("introspections").GetInt64().ShouldBe(4000);
    }

    [Fact]
    public async Task A_share_of_refusals_far_above_the_past_is_told()
    {
        using var folder = new AuditedFolder();
        await using (var server = await StartAsync(folder))
        {
            await AddAsync(server);
            for (var minute = 0; minute < 30; minute++) Minute(990, 10);
            Minute(950, 50);
            Minute(5, 15); // Too few to say anything.
            Minute(400, 600);

            void Minute(int good, int expired)
            {
                Count(server, good, expired: expired);
                server.Time.AdvanceSeconds(60);
            }
        }
        Reasons(folder).ShouldBe(["unusual_refusals"]);
    }

    [Fact]
    public async Task What_is_off_is_not_looked_for()
    {
        using var folder = new AuditedFolder();
        await using (var server = await StartAsync(folder, detection => (detection.TokenScanning, detection.UnusualCaller) = (DetectionMode.Off, DetectionMode.Off)))
        {
            await AddAsync(server);
            for (var minute = 0; minute < 30; minute++)
            {
                Count(server, 100, minute == 29 ? 100_000 : 0);
                server.Time.AdvanceSeconds(60);
            }
        }
        Reasons(folder).ShouldBeEmpty();
    }
}

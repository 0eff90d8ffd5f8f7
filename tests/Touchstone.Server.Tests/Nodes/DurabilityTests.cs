using System.Runtime.Versioning;
using Touchstone.Server.Doctor;
using Touchstone.Server.Settings;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>Where a failover could lose what was acknowledged, it is said: by readiness, and by the doctor.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DurabilityTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    [Fact]
    public async Task Readiness_says_that_there_is_no_synchronous_standby_and_stays_ready()
    {
        foreach (var node in (TestServer[])[nodes.A, nodes.B])
            (await node.OAuth.GetAsync("/health/ready")).ShouldBeJson(200).Text.ShouldBe("""{"status":"ready","durability":"no synchronous standby"}""");
    }

    [Fact]
    public void The_doctor_looks_into_the_database_that_nodes_share()
    {
        var checks = ServerDoctor.Examine(ServerConfiguration.Read(null, [new("--data", nodes.A.Data), new("--postgres", nodes.Connection)]), TimeProvider.System);
        checks.Where(check => check.Status is DoctorStatus.Fail).ShouldBeEmpty();
        foreach (var name in (string[])["settings", "schema", "limits", "secrets", "audit"]) checks.Single(check => check.Name == name).Status.ShouldBe(DoctorStatus.Ok, name);
        checks.Single(check => check.Name == "durability").ShouldSatisfyAllConditions(check => check.Status.ShouldBe(DoctorStatus.Warn), check => check.Finding.ShouldContain("no synchronous standby"));
        checks.Single(check => check.Name == "audit").Finding.ShouldContain("are whole");
    }

    [Fact]
    public async Task A_synchronous_standby_is_seen_when_it_comes_and_when_it_is_away_and_looked_for_every_ten_seconds()
    {
        await using var server = await PostgresServer.StartAsync();
        var connection = await server.CreateDatabaseAsync();
        var time = new ManualTime();
        var durability = new PostgresDurability(async () => await PostgresServer.ScalarAsync(connection, PostgresDurability.Query) as string, time);
        (await durability.FindAsync()).ShouldBe(PostgresDurability.None);

        await server.ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = 's1'");
        await server.ExecuteAsync("SELECT pg_reload_conf()");
        (await durability.FindAsync()).ShouldBe(PostgresDurability.None, "nobody looked again");
        await FindsAsync(PostgresDurability.Away);

        using var standby = await server.ReceiveAsync("s1");
        await FindsAsync(null);
        standby.Kill(entireProcessTree: true);
        await FindsAsync(PostgresDurability.Away);

        Task FindsAsync(string? expected) => Until.TrueAsync(
            async () =>
            {
                time.AdvanceSeconds(10);
                return await durability.FindAsync() == expected;
            },
            $"it finds {expected ?? "nothing"}");
    }
}

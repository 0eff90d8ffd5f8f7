using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Audit;

/// <summary>What <c>tail -f</c> and a flood of failures see.</summary>
public sealed class FollowTests
{
    [Fact]
    public async Task Following_gives_each_new_record_of_both_chains_once_across_the_files_of_introspections()
    {
        await using var acme = await Acme.StartAsync(options => (options.Audit.Introspection, options.Audit.SegmentBytes) = (IntrospectionAudit.All, 4096));
        var token = await acme.TokenAsync();
        using var query = AuditQuery.Open(acme.Server.Data, new AuditFilter { Kinds = [AuditKind.Introspected, AuditKind.Revoked] }, TestStore.Connection(acme.Server.Data));
        query.Newest(5).ShouldBeEmpty();

        for (var i = 0; i < 30; i++)
        {
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
            query.Next().ShouldHaveSingleItem();
        }
        await acme.Admin.RevokeAsync(token);
        query.Next().ShouldHaveSingleItem().GetProperty("kind").GetString().ShouldBe(AuditKind.Revoked);
        query.Next().ShouldBeEmpty();
        AuditSegments.List(acme.Server.Data).Count.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task A_flood_of_failures_while_the_disk_is_slow_is_bounded_and_its_gap_recorded()
    {
        var (server, store) = await Storage.ProbedStore.StartAsync();
        await using var stopped = server;
        var audit = server.Services.GetRequiredService<AuditLog>();
        var disk = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.BeforeRecord = () => disk.Task;
        for (var i = 0; i < 20_000; i++) audit.Record(new AuditEvent(AuditKind.AuthenticationFailed) { Outcome = "failure" });
        disk.SetResult();
        await audit.FlushAsync();

        using var query = AuditQuery.Open(server.Data, new AuditFilter { Kinds = [AuditKind.AuthenticationFailed, AuditKind.Gap] }, TestStore.Connection(server.Data));
        var records = query.All().ToList();
        var dropped = records.Where(record => record.GetProperty("kind").GetString() == AuditKind.Gap).Sum(record => record.GetProperty("dropped").GetInt64());
        dropped.ShouldBeGreaterThan(0);
        (records.Count(record => record.GetProperty("kind").GetString() == AuditKind.AuthenticationFailed) + dropped).ShouldBe(20_000);
        AuditVerification.Verify(server.Data, postgres: TestStore.Connection(server.Data)).Findings.ShouldBeEmpty();
    }
}

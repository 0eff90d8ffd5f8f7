using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Audit;

/// <summary>A disk that is slow, or fails: what callers see, and what the audit says of it.</summary>
public sealed class JournalTests
{
    private static readonly byte[] Body = System.Text.Encoding.ASCII.GetBytes("{\"at\":1,\"kind\":\"introspected\",\"outcome\":\"active\",\"reason\":\"" + new string('x', 200) + "\"}");

    [Fact]
    public async Task A_full_queue_slows_callers_and_drops_nothing()
    {
        await using var server = await TestServer.StartAsync(options => (options.Audit.Introspection, options.Audit.QueueBytes) = (IntrospectionAudit.All, 64 << 10));
        var journal = server.Services.GetRequiredService<IntrospectionJournal>();
        using var disk = new ManualResetEventSlim();
        journal.BeforeWrite = () => disk.Wait();

        var writes = Enumerable.Range(0, 2000).Select(_ => journal.WriteAsync(Body).AsTask()).ToList();
        writes.ShouldAllBe(write => !write.IsCompleted); // More than the queue holds, and each still waits.
        disk.Set();
        await Task.WhenAll(writes);

        server.Services.GetRequiredService<AuditCounts>().DroppedRecords.ShouldBe(0);
        Records(server, AuditKind.Introspected).ShouldBe(2000);
        AuditVerification.Verify(server.Data, postgres: TestStore.Connection(server.Data)).Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_nobody_waits_a_full_queue_is_counted_and_leaves_a_gap_record()
    {
        await using var server = await TestServer.StartAsync(options => (options.Audit.Introspection, options.Audit.QueueBytes) = (IntrospectionAudit.Refused, 64 << 10));
        var journal = server.Services.GetRequiredService<IntrospectionJournal>();
        using var disk = new ManualResetEventSlim();
        journal.BeforeWrite = () => disk.Wait();

        var dropped = Enumerable.Range(0, 2000).Count(_ => !journal.TryWrite(Body));
        disk.Set();
        await journal.WriteAsync(Body);
        await journal.WriteAsync(Body);

        dropped.ShouldBeGreaterThan(0);
        server.Services.GetRequiredService<AuditCounts>().DroppedRecords.ShouldBe(dropped);
        using var query = AuditQuery.Open(server.Data, new AuditFilter { Kinds = [AuditKind.Gap] }, TestStore.Connection(server.Data));
        query.All().Sum(gap => gap.GetProperty("dropped").GetInt64()).ShouldBe(dropped);
        Records(server, AuditKind.Introspected).ShouldBe(2002 - dropped);
        AuditVerification.Verify(server.Data, postgres: TestStore.Connection(server.Data)).Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task With_all_a_record_that_cannot_be_written_is_503_and_no_answer()
    {
        await using var acme = await Acme.StartAsync(options => options.Audit.Introspection = IntrospectionAudit.All);
        var token = await acme.TokenAsync();
        var journal = acme.Server.Services.GetRequiredService<IntrospectionJournal>();
        journal.BeforeWrite = () => throw new IOException("No space left on device");
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).Status.ShouldBe(503);

        journal.BeforeWrite = () => { };
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        AuditVerification.Verify(acme.Server.Data, postgres: TestStore.Connection(acme.Server.Data)).Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task With_all_the_record_is_in_the_file_before_the_answer()
    {
        await using var acme = await Acme.StartAsync(options => options.Audit.Introspection = IntrospectionAudit.All);
        var token = await acme.TokenAsync();
        for (var i = 1; i <= 20; i++)
        {
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
            Records(acme.Server, AuditKind.Introspected).ShouldBe(i);
        }
    }

    [Fact]
    public async Task A_chain_that_grew_is_signed_when_its_time_comes_and_one_that_did_not_is_left_alone()
    {
        await using var acme = await Acme.StartAsync(options => options.Audit.Introspection = IntrospectionAudit.All);
        var audit = acme.Server.Services.GetRequiredService<AuditLog>();
        await audit.SignAsync();
        await audit.SignAsync();
        var signed = Records(acme.Server, AuditKind.Checkpoint);
        await audit.SignAsync();
        Records(acme.Server, AuditKind.Checkpoint).ShouldBe(signed);

        await acme.TokenAsync();
        await audit.SignAsync();
        Records(acme.Server, AuditKind.Checkpoint).ShouldBe(signed + 1);
    }

    private static int Records(TestServer server, string kind)
    {
        using var query = AuditQuery.Open(server.Data, new AuditFilter { Kinds = [kind] }, TestStore.Connection(server.Data));
        return query.All().Count();
    }
}

using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Audit;

/// <summary>Records leave because of their age, and what is left still verifies.</summary>
public sealed class RetentionTests
{
    private static readonly Action<ServerOptions> KeepADay = options =>
        (options.Audit.Introspection, options.Audit.Retention, options.Audit.SegmentBytes) = (IntrospectionAudit.All, TimeSpan.FromDays(1), 4096);

    [Fact]
    public async Task Records_older_than_the_retention_leave_and_the_rest_verifies()
    {
        using var folder = await AgedAsync();
        folder.Verify().Chains.ShouldAllBe(chain => chain.First == 1);

        await RetainAsync(folder);

        var report = folder.Verify();
        report.Findings.ShouldBeEmpty();
        report.Chains.ShouldAllBe(chain => chain.First > 1 && chain.SignedThrough == chain.Last);
        folder.Records().First(record => record.GetProperty("kind").GetString() is AuditKind.Issued).GetProperty("client").GetString().ShouldNotBe("web-shop");
    }

    [Fact]
    public async Task What_is_missing_beyond_what_was_let_go_is_found()
    {
        using var folder = await AgedAsync();
        await RetainAsync(folder);
        var first = folder.Changes()[0].N;
        folder.Sql($"DELETE FROM audit WHERE n <= {first}");
        folder.Verify().Findings.ShouldContain(finding => finding.N == first);
    }

    [Fact]
    public async Task A_retention_record_that_nobody_signed_excuses_nothing()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var (n, record) = folder.Changes()[^1];
        var chain = folder.Verify().Chains[0].Chain;
        var previous = AuditHash.Of(System.Text.Encoding.UTF8.GetBytes(record));
        var forged = $$"""{"chain":"{{chain}}","n":{{n + 1}},"prev":"{{previous}}","at":1,"kind":"retention","outcome":"success","changes_through":5,"introspections_through":0}""";
        folder.Sql($"INSERT INTO audit VALUES ('{chain}', {n + 1}, CAST('{forged}' AS BLOB))");
        folder.Sql("DELETE FROM audit WHERE n <= 5");
        folder.Verify().Findings.ShouldContain(finding => finding.N == 1);
    }

    [Fact]
    public async Task An_exported_checkpoint_older_than_the_retention_is_no_finding()
    {
        using var folder = await AgedAsync();
        var exported = folder.Export();
        await RetainAsync(folder);
        folder.Verify(exported).Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task How_introspections_were_recorded_is_known_after_the_record_of_it_left()
    {
        Action<ServerOptions> sampled = options =>
        {
            KeepADay(options);
            options.Audit.Introspection = IntrospectionAudit.Sampled;
        };
        using var folder = await AuditedFolder.MakeAsync(sampled);
        var time = new ManualTime();
        time.Advance(TimeSpan.FromDays(2));
        await folder.UseAsync(KeepADay, time, "-2");
        await RetainAsync(folder);

        var impact = AuditImpact.Of(folder.Data, folder.Records(AuditKind.Revoked)[0].GetProperty("revocation").ToString(), TestStore.Connection(folder.Data))!;
        impact.NotRecorded.ShouldContain(note => note.StartsWith("Records older", StringComparison.Ordinal));
        impact.NotRecorded.ShouldContain(note => note.Contains("one of 100", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_chain_of_a_key_that_is_gone_leaves_up_to_its_newest_checkpoint()
    {
        using var folder = await AuditedFolder.MakeAsync(KeepADay);
        var old = folder.Changes().Count;
        File.Delete(Path.Combine(folder.Data, "audit.key")); // A new key begins a new chain, and names the old one's end.
        await RetainAsync(folder);

        folder.Verify().Findings.Where(finding => !finding.Chain.EndsWith(AuditChain.Introspections, StringComparison.Ordinal)).ShouldBeEmpty();
        folder.Verify().Chains.Single(chain => chain.First > 1 && chain.Chain.EndsWith(AuditChain.Changes, StringComparison.Ordinal)).ShouldSatisfyAllConditions(chain => chain.Records.ShouldBeLessThan(old), chain => chain.SignedThrough.ShouldBe(chain.First));
    }

    // Records of a first day and of a third.
    private static async Task<AuditedFolder> AgedAsync()
    {
        var folder = await AuditedFolder.MakeAsync(KeepADay);
        var time = new ManualTime();
        time.Advance(TimeSpan.FromDays(2));
        await folder.UseAsync(KeepADay, time, "-2");
        return folder;
    }

    private static async Task RetainAsync(AuditedFolder folder)
    {
        var time = new ManualTime();
        time.Advance(TimeSpan.FromDays(2) + TimeSpan.FromMinutes(1));
        await using var server = await TestServer.StartAsync(KeepADay, data: folder.Data, time: time);
        await server.Services.GetRequiredService<AuditRetention>().RunAsync();
        await server.Services.GetRequiredService<AuditRetention>().RunAsync();
    }
}

using System.Text;
using System.Text.RegularExpressions;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Audit;

/// <summary>Whatever is done by hand to the records of a stopped server is found, and named.</summary>
public sealed class TamperingTests
{
    private const long Victim = 6;

    [Fact]
    public async Task What_the_server_wrote_is_found_whole_and_signed_to_the_end()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var report = folder.Verify(folder.Export());
        report.Findings.ShouldBeEmpty();
        report.Notes.ShouldBeEmpty();
        report.Chains.Count.ShouldBe(2);
        foreach (var chain in report.Chains) chain.SignedThrough.ShouldBe(chain.Last);
        report.Chains.Sum(chain => chain.Records).ShouldBeGreaterThan(25);
    }

    [Fact]
    public async Task Restarts_go_on_with_the_same_chains()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var before = folder.Verify().Chains;
        await folder.UseAsync(options => options.Audit.Introspection = IntrospectionAudit.All, suffix: "-2");
        var report = folder.Verify();
        report.Findings.ShouldBeEmpty();
        report.Chains.Select(chain => chain.Chain).ShouldBe(before.Select(chain => chain.Chain));
        report.Chains.ShouldAllBe(chain => chain.First == 1 && chain.Records == chain.Last && chain.Last > before.Single(old => old.Chain == chain.Chain).Last);
    }

    [Fact]
    public async Task An_edited_change_is_found_and_named()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var (n, record) = folder.Changes().First(change => change.N > Victim && change.Record.Contains("\"actor\"", StringComparison.Ordinal));
        folder.Put(n, Regex.Replace(record, "\"actor\":\"[^\"]*\"", "\"actor\":\"somebody\""));
        Found(folder, AuditChain.Changes, n);
    }

    [Fact]
    public async Task A_deleted_change_is_found_and_named()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Sql($"DELETE FROM audit WHERE n = {Victim}");
        Found(folder, AuditChain.Changes, Victim).What.ShouldContain("missing");
    }

    [Fact]
    public async Task Deleted_changes_whose_successors_were_renumbered_are_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Sql($"DELETE FROM audit WHERE n = {Victim}");
        folder.Sql($"UPDATE audit SET n = -n WHERE n > {Victim}");
        folder.Sql("UPDATE audit SET n = -n - 1 WHERE n < 0");
        folder.Verify().Findings.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_change_put_in_is_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var last = folder.Changes()[^1];
        folder.Sql($"INSERT INTO audit SELECT chain, {last.N + 1}, record FROM audit WHERE n = {Victim}");
        folder.Verify().Findings.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Two_changes_in_each_others_place_are_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var changes = folder.Changes();
        folder.Put(changes[5].N, changes[6].Record);
        folder.Put(changes[6].N, changes[5].Record);
        folder.Verify().Findings.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task The_oldest_changes_deleted_without_a_retention_record_are_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Sql($"DELETE FROM audit WHERE n < {Victim}");
        Found(folder, AuditChain.Changes, 1).What.ShouldContain("missing");
    }

    [Fact]
    public async Task The_whole_table_deleted_is_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Sql("DELETE FROM audit");
        folder.Verify().Findings.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task An_edited_introspection_is_found_and_named()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Lines(lines => lines.Select((line, i) => i == 3 ? line.Replace("\"actor\":\"rs-orders\"", "\"actor\":\"rs-harmless\"", StringComparison.Ordinal) : line));
        Found(folder, AuditChain.Introspections, 4);
    }

    [Fact]
    public async Task A_deleted_introspection_is_found_and_named()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Lines(lines => lines.Where((_, i) => i != 3));
        Found(folder, AuditChain.Introspections, 4).What.ShouldContain("missing");
    }

    [Fact]
    public async Task Introspections_in_each_others_place_are_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Lines(lines => [.. lines[..3], lines[4], lines[3], .. lines[5..]]);
        folder.Verify().Findings.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_file_of_introspections_cut_short_is_found_by_what_the_other_chain_remembers()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Lines(lines => lines.SkipLast(3));
        folder.Verify().Findings.ShouldContain(finding => finding.Chain.EndsWith(AuditChain.Introspections, StringComparison.Ordinal) && finding.What.Contains("cut off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_file_of_introspections_is_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        File.Delete(folder.Segment);
        folder.Verify().Findings.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Changes_cut_off_behind_the_last_checkpoint_are_found_with_an_exported_one()
    {
        using var folder = await AuditedFolder.MakeAsync(IntrospectionAudit.Off);
        var early = folder.Changes().Last().N;
        await folder.UseAsync(options => options.Audit.Introspection = IntrospectionAudit.Off, suffix: "-2");
        var exported = folder.Export();
        folder.Sql($"DELETE FROM audit WHERE n > {early}");

        folder.Verify().Findings.ShouldBeEmpty(); // Behind a checkpoint a cut leaves a chain that is whole.
        folder.Verify(exported).Findings.ShouldHaveSingleItem().What.ShouldContain("cut off");
    }

    [Fact]
    public async Task The_changes_recomputed_by_somebody_without_the_key_are_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Verify().Findings.ShouldBeEmpty();
        Recompute(folder, (n, record) => n == Victim ? record.Replace("\"at\":", "\"at\":1", StringComparison.Ordinal) : record);
        var findings = folder.Verify().Findings;
        findings.ShouldNotContain(finding => finding.What.Contains("chained to", StringComparison.Ordinal)); // Every link holds again…
        findings.ShouldContain(finding => finding.What.Contains("signature", StringComparison.Ordinal)); // …but no signature.
    }

    [Fact]
    public async Task The_changes_recomputed_without_their_checkpoints_are_found()
    {
        using var folder = await AuditedFolder.MakeAsync();
        folder.Sql("DELETE FROM audit WHERE instr(record, CAST('\"kind\":\"checkpoint\"' AS BLOB)) > 0");
        Recompute(folder, (_, record) => record);
        folder.Verify().Findings.ShouldContain(finding => finding.What.Contains("begin with a signed checkpoint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_audit_signed_anew_with_another_key_is_found_with_an_exported_checkpoint()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var exported = folder.Export();
        foreach (var name in (string[])["audit.key", "audit.pub"]) File.Delete(Path.Combine(folder.Data, name));
        Directory.Delete(Path.Combine(folder.Data, "audit"), recursive: true);
        folder.Sql("DELETE FROM audit");
        await folder.UseAsync(options => options.Audit.Introspection = IntrospectionAudit.All, suffix: "-2");

        folder.Verify().Findings.ShouldBeEmpty();
        folder.Verify(exported).Findings.ShouldContain(finding => finding.What.Contains("signed anew", StringComparison.Ordinal));
    }

    private static AuditFinding Found(AuditedFolder folder, string chain, long n)
    {
        var findings = folder.Verify().Findings;
        findings.ShouldContain(finding => finding.N == n && finding.Chain.EndsWith(chain, StringComparison.Ordinal), string.Join('\n', findings));
        return findings.First(finding => finding.N == n);
    }

    // What somebody can do who knows the format: number and link every record anew.
    private static void Recompute(AuditedFolder folder, Func<long, string, string> change)
    {
        var changes = folder.Changes();
        var previous = default(AuditHash);
        folder.Sql("UPDATE audit SET n = -n");
        for (var i = 0; i < changes.Count; i++)
        {
            var record = change(changes[i].N, changes[i].Record);
            record = Regex.Replace(record, "\"n\":[0-9]+,\"prev\":\"[0-9a-f]{64}\"", $"\"n\":{i + 1},\"prev\":\"{previous}\"", RegexOptions.None, TimeSpan.FromSeconds(1));
            previous = AuditHash.Of(Encoding.UTF8.GetBytes(record));
            folder.Sql($"UPDATE audit SET n = {i + 1} WHERE n = -{changes[i].N}");
            folder.Put(i + 1, record);
        }
    }
}

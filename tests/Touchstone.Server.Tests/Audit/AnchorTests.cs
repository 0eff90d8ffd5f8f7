using Touchstone.Server.Audit;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Tests.Storage.Postgres;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Audit;

/// <summary>The audit chains of two nodes in one database remember each other: what is done to one by hand is found through the other.</summary>
public sealed class AnchorTests : IAsyncLifetime
{
    private PostgresStores _stores = null!;
    private PostgresTokenStore _a = null!, _b = null!;

    public async ValueTask InitializeAsync()
    {
        _stores = await PostgresStores.CreateAsync();
        (_a, _b) = (await StartAsync("a"), await StartAsync("b"));
        // Both have a past, and each has seen the other's.
        foreach (var node in (PostgresTokenStore[])[_a, _b, _a, _b]) await WorkAsync(node);
    }

    public async ValueTask DisposeAsync()
    {
        if (_a is not null) await _a.DisposeAsync();
        if (_b is not null) await _b.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Fact]
    public async Task The_chains_of_all_nodes_are_verified_from_the_folder_of_one()
    {
        var report = Verify("a");
        report.Findings.ShouldBeEmpty();
        report.Chains.Select(chain => chain.Chain).ShouldBe([.. ((string[])[Chain("a"), Chain("b")]).Order(StringComparer.Ordinal)]);
        report.Chains.ShouldAllBe(chain => chain.SignedThrough == chain.Last);
        report.Notes.ShouldHaveSingleItem().ShouldContain("comes from the database");
        (await _stores.ScalarAsync($"SELECT count(*) FROM audit WHERE chain = '{Chain("a")}' AND convert_from(record, 'UTF8') LIKE '%\"heads\":[{{\"chain\":\"{Chain("b")}\"%'")).ShouldBe(2L);
    }

    [Fact]
    public async Task A_chain_cut_behind_a_checkpoint_is_found_through_the_other_node_s()
    {
        await _stores.ExecuteAsync($"DELETE FROM audit WHERE chain = '{Chain("b")}' AND n > 4"); // Its own fourth record is a checkpoint: what is left is whole.
        foreach (var folder in (string[])["a", "b"])
        {
            var found = Verify(folder).Findings.ShouldHaveSingleItem();
            found.Chain.ShouldBe(Chain("b"));
            found.What.ShouldContain($"of {Chain("a")} remembers this record, and the chain ends at 4: its end was cut off");
        }
    }

    [Fact]
    public async Task A_whole_chain_that_is_gone_is_found_through_the_other_node_s()
    {
        await _stores.ExecuteAsync($"DELETE FROM audit WHERE chain = '{Chain("b")}'; DELETE FROM settings WHERE name LIKE 'audit_key.%'");
        var found = Verify("a").Findings.ShouldHaveSingleItem();
        found.Chain.ShouldBe(Chain("b"));
        found.What.ShouldContain("the chain was removed");
    }

    [Fact]
    public async Task A_chain_recomputed_by_who_has_its_key_is_found_through_the_other_node_s()
    {
        // The node itself is made to write another past: its records go, and it begins its chain anew.
        await _b.DisposeAsync();
        await _stores.ExecuteAsync($"DELETE FROM audit WHERE chain = '{Chain("b")}'");
        _b = await StartAsync("b");
        for (var i = 0; i < 4; i++) await WorkAsync(_b);
        var found = Verify("a").Findings;
        found.ShouldNotBeEmpty();
        found.ShouldAllBe(finding => finding.Chain == Chain("b") && finding.What.Contains($"of {Chain("a")} remembers", StringComparison.Ordinal));
        found.ShouldContain(finding => finding.What.Contains("edited or replaced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_newest_record_edited_is_found_as_soon_as_another_node_has_seen_it()
    {
        await WorkAsync(_a);
        var n = (long)(await _stores.ScalarAsync($"SELECT max(n) FROM audit WHERE chain = '{Chain("b")}'"))!;
        // Nothing in its own chain comes after it, and what is no checkpoint needs no signature.
        await _stores.ExecuteAsync($"UPDATE audit SET record = convert_to(replace(convert_from(record, 'UTF8'), '\"kind\":\"checkpoint\"', '\"kind\":\"Checkpoint\"'), 'UTF8') WHERE chain = '{Chain("b")}' AND n = {n}");
        var found = Verify("b").Findings.ShouldHaveSingleItem();
        found.ShouldBe(new AuditFinding(Chain("b"), n, found.What));
        found.What.ShouldContain($"of {Chain("a")} remembers: it was edited or replaced");
    }

    [Fact]
    public async Task Idle_nodes_don_t_sign_each_other_s_signatures()
    {
        async Task<long> CountAsync() => (long)(await _stores.ScalarAsync("SELECT count(*) FROM audit"))!;
        await _a.SignAuditAsync(hasGrown: false);
        await _b.SignAuditAsync(hasGrown: false);
        var before = await CountAsync();
        for (var i = 0; i < 5; i++)
        {
            await _a.SignAuditAsync(hasGrown: false);
            await _b.SignAuditAsync(hasGrown: false);
        }
        (await CountAsync()).ShouldBe(before);
        // What the other did is worth a checkpoint of one that did nothing.
        await WorkAsync(_a);
        before = await CountAsync();
        await _b.SignAuditAsync(hasGrown: false);
        (await CountAsync()).ShouldBe(before + 1);
    }

    [Fact]
    public async Task Records_that_left_because_of_their_age_are_not_missed_and_others_are()
    {
        var through = (long)(await _stores.ScalarAsync($"SELECT max(n) - 1 FROM audit WHERE chain = '{Chain("b")}'"))!;
        await _a.RecordAsync([AuditEvent.Retained(Chain("b"), through)]); // b is gone, and a lets its records go.
        await WorkAsync(_a);
        (await _a.ForgetAuditAsync(Chain("b"), through, 1000)).ShouldBe((int)through);
        Verify("a").Findings.ShouldBeEmpty();
        await _stores.ExecuteAsync($"DELETE FROM audit WHERE chain = '{Chain("b")}'");
        Verify("a").Findings.ShouldContain(finding => finding.Chain == Chain("b") && finding.N == through + 1);
    }

    private async Task<PostgresTokenStore> StartAsync(string node)
    {
        var store = _stores.Open(node);
        await store.LoadAsync((_, _, _) => { }, CancellationToken.None);
        var key = AuditKey.ReadPublic(_stores.FolderOf(node))[^1];
        await store.SetOnceAsync(AuditKey.Setting + key.Node, key.Key.ExportSubjectPublicKeyInfoPem());
        await store.SignAuditAsync();
        return store;
    }

    private static async Task WorkAsync(PostgresTokenStore node)
    {
        await node.RecordAsync([new AuditEvent(AuditKind.AccessRefused) { Actor = "touchstone" }]);
        await node.SignAuditAsync();
    }

    private AuditReport Verify(string folder) => AuditVerification.Verify(_stores.FolderOf(folder), null, _stores.Connection);

    private string Chain(string node) => AuditChain.Name(AuditKey.ReadPublic(_stores.FolderOf(node))[^1].Node, AuditChain.Changes);
}

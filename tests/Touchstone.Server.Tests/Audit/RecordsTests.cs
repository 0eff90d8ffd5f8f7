using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Audit;

/// <summary>What is recorded, and what never is.</summary>
public sealed class RecordsTests
{
    [Fact]
    public async Task Every_kind_of_event_is_recorded_with_who_what_and_where()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var issued = folder.Records(AuditKind.Issued).First(record => Text(record, "client") == "web-shop");
        Text(issued, "actor").ShouldBe("admin");
        Text(issued, "subject").ShouldBe("u-4821");
        Text(issued, "session").ShouldBe("s-77");
        Text(issued, "address").ShouldBe("127.0.0.1");
        Text(issued, "jti").ShouldNotBeNull();
        Text(issued, "request").ShouldNotBeNull();

        var active = folder.Records(AuditKind.Introspected)[0];
        Text(active, "outcome").ShouldBe("active");
        Text(active, "actor").ShouldBe("rs-orders");
        Text(active, "token").ShouldBe(Text(issued, "token"));
        Text(active, "jti").ShouldBe(Text(issued, "jti"));
        active.GetProperty("duration_us").GetInt64().ShouldBeGreaterThanOrEqualTo(0);

        var revoked = folder.Records(AuditKind.Revoked)[0];
        Text(revoked, "selector").ShouldBe("token");
        var refused = folder.Records(AuditKind.Introspected).First(record => Text(record, "outcome") == "inactive");
        Text(refused, "reason").ShouldBe("revoked");
        refused.GetProperty("revocation").GetInt64().ShouldBe(revoked.GetProperty("revocation").GetInt64());

        var failed = folder.Records(AuditKind.AuthenticationFailed).ShouldHaveSingleItem();
        Text(failed, "client").ShouldBe("rs-orders");
        Text(failed, "reason").ShouldBe("wrong_secret");
        Text(failed, "endpoint").ShouldBe("introspect");
        Text(folder.Records(AuditKind.KeyChanged).ShouldHaveSingleItem(), "changed").ShouldBe("secrets");
        folder.Records(AuditKind.ClientChanged).ShouldContain(record => Text(record, "client") == "web-shop" && Text(record, "changed") == "added");
    }

    [Fact]
    public async Task No_token_no_secret_and_no_full_hash_stands_in_any_record()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var all = string.Join('\n', folder.Records().Select(record => record.GetRawText()));
        var files = string.Join('\n', Directory.EnumerateFiles(Path.Combine(folder.Data, "audit")).Select(File.ReadAllText));
        foreach (var secret in folder.Secrets)
        {
            all.ShouldNotContain(secret);
            files.ShouldNotContain(secret);
            all.ShouldNotContain(TokenHash.Of(secret).ToString());
        }
        all.ShouldContain(TokenHash.Of(folder.Secrets[3]).ToString()[..16]);
    }

    [Theory]
    [InlineData(IntrospectionAudit.All, true, true)]
    [InlineData(IntrospectionAudit.Refused, false, true)]
    [InlineData(IntrospectionAudit.Off, false, false)]
    public async Task The_mode_says_which_introspections_are_recorded(IntrospectionAudit mode, bool actives, bool refusals)
    {
        using var folder = await AuditedFolder.MakeAsync(mode);
        var records = folder.Records(AuditKind.Introspected);
        records.Any(record => Text(record, "outcome") == "active").ShouldBe(actives);
        records.Any(record => Text(record, "outcome") == "inactive").ShouldBe(refusals);
        folder.Verify().Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Sampled_records_all_refusals_and_one_active_of_so_many()
    {
        using var one = await AuditedFolder.MakeAsync(options => (options.Audit.Introspection, options.Audit.SampleOneIn) = (IntrospectionAudit.Sampled, 1));
        using var few = await AuditedFolder.MakeAsync(options => (options.Audit.Introspection, options.Audit.SampleOneIn) = (IntrospectionAudit.Sampled, 1_000_000));
        one.Records(AuditKind.Introspected).Count(record => Text(record, "outcome") == "active").ShouldBe(7);
        few.Records(AuditKind.Introspected).Count(record => Text(record, "outcome") == "active").ShouldBe(0);
        few.Records(AuditKind.Introspected).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Fields_are_hashed_and_omitted_as_configured_and_found_by_their_value_all_the_same()
    {
        using var folder = await AuditedFolder.MakeAsync(options =>
        {
            options.Audit.Introspection = IntrospectionAudit.All;
            options.Audit.Privacy.Subject = Privacy.Hash;
            options.Audit.Privacy.Address = Privacy.Omit;
            options.Audit.Privacy.Session = Privacy.Omit;
        });
        var records = folder.Records();
        records.ShouldAllBe(record => !record.GetRawText().Contains("u-4821", StringComparison.Ordinal) && !record.GetRawText().Contains("127.0.0.1", StringComparison.Ordinal) && !record.GetRawText().Contains("s-77", StringComparison.Ordinal));
        Text(folder.Records(AuditKind.Introspected)[0], "subject")!.ShouldStartWith("h:");

        using var query = AuditQuery.Open(folder.Data, new AuditFilter { Members = new Dictionary<string, string> { ["subject"] = "u-4821" } }, TestStore.Connection(folder.Data));
        query.All().Count().ShouldBe(5 + 10 + 0);
    }

    [Fact]
    public async Task A_change_and_its_record_are_one_commit()
    {
        var (server, store) = await Storage.ProbedStore.StartAsync();
        await using var stopped = server;
        store.BeforeWrite = () => Task.FromException(new Server.Storage.StoreException("no"));
        await Should.ThrowAsync<InvalidOperationException>(() => server.Admin.AddClientAsync(new { client_id = "x", kind = "client" }));
        using var query = AuditQuery.Open(server.Data, new AuditFilter { Kinds = [AuditKind.ClientChanged], Members = new Dictionary<string, string> { ["client"] = "x" } }, TestStore.Connection(server.Data));
        query.All().ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_writers_at_once_make_one_chain_without_a_gap()
    {
        using var folder = new AuditedFolder();
        await using (var server = await TestServer.StartAsync(
            options =>
            {
                (options.Audit.Introspection, options.Audit.CheckpointEvery) = (IntrospectionAudit.All, 50);
                options.Unlimit();
            },
            data: folder.Data))
        {
            var orders = await server.Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
            await server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Acme.OrdersApi } });
            await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
            {
                var token = await server.Admin.IssueAsync(new { client_id = "web-shop", sub = $"u-{i}", aud = Acme.OrdersApi });
                (await server.OAuth.IntrospectAsync(token, orders)).ShouldBeActive();
                await server.OAuth.IntrospectAsync(token, orders with { Secret = "x" });
            }));
        }
        folder.Verify().Findings.ShouldBeEmpty();
        folder.Records(AuditKind.Introspected).Count.ShouldBe(200);
        folder.Records(AuditKind.AuthenticationFailed).Count.ShouldBe(200);
        folder.Records(AuditKind.Issued).Count.ShouldBe(201); // And the administrator's own.
        folder.Records(AuditKind.Checkpoint).Count.ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task Files_of_introspections_end_at_their_size_with_the_chain_going_on()
    {
        using var folder = new AuditedFolder();
        await folder.UseAsync(options => (options.Audit.Introspection, options.Audit.SegmentBytes) = (IntrospectionAudit.All, 4096));
        AuditSegments.List(folder.Data).Count.ShouldBeGreaterThan(1);
        folder.Verify().Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Half_a_record_at_the_end_is_no_finding_and_goes_at_the_next_start()
    {
        using var folder = await AuditedFolder.MakeAsync();
        File.AppendAllText(folder.Segment, "{\"chain\":\"half");
        folder.Verify().Findings.ShouldBeEmpty();
        folder.Verify().Notes.ShouldHaveSingleItem();
        await folder.UseAsync(options => options.Audit.Introspection = IntrospectionAudit.All, suffix: "-2");
        folder.Verify().Findings.ShouldBeEmpty();
        folder.Verify().Notes.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_keys_can_be_read_by_their_owner_only()
    {
        using var folder = await AuditedFolder.MakeAsync();
        if (OperatingSystem.IsWindows()) return;
        foreach (var name in (string[])["audit.key", "audit.hmac"]) File.GetUnixFileMode(Path.Combine(folder.Data, name)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    internal static string? Text(JsonElement record, string name) => record.TryGetProperty(name, out var value) ? value.GetString() : null;
}

using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Signing;
using Touchstone.Server.Startup;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Rfc9068;
using Touchstone.Server.Tests.Signing;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>Nodes have the same keys: made once, changed together.</summary>
public sealed class SigningKeysAcrossNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    [Fact]
    public async Task Nodes_sign_with_the_same_keys_and_change_them_together()
    {
        Kids("ES256").Distinct().ShouldHaveSingleItem();

        // Both need the first RSA key in the same moment: one makes it.
        var made = await Task.WhenAll(KeysOf(nodes.A).EnsureAsync("RS256").AsTask(), KeysOf(nodes.B).EnsureAsync("RS256").AsTask());
        made.Select(key => key.Kid).Distinct().ShouldHaveSingleItem();

        // Both rotate in the same moment: one key comes of it, and it signs at both after the overlap.
        await Task.WhenAll(nodes.A.Admin.PostAsync("/admin/keys/rotate", new { }), nodes.B.Admin.PostAsync("/admin/keys/rotate", new { }));
        await LookAsync();
        var published = await nodes.A.PublishedAsync();
        published.Length.ShouldBe(2);
        (await nodes.B.PublishedAsync()).ShouldBe(published);
        var before = Kids("ES256").Distinct().ShouldHaveSingleItem();
        nodes.A.Time.Advance(TimeSpan.FromHours(1));
        await LookAsync();
        Kids("ES256").Distinct().ShouldHaveSingleItem().ShouldNotBe(before);

        // What one retires the other publishes no more once it has looked.
        var leaked = Kids("ES256")[0];
        (await nodes.A.Admin.PostAsync($"/admin/keys/{leaked}/retire")).Status.ShouldBe(200);
        await LookAsync();
        (await nodes.B.PublishedAsync()).ShouldNotContain(leaked);
        Kids("ES256").Distinct().ShouldHaveSingleItem().ShouldNotBe(leaked);
    }

    [Fact]
    public async Task What_one_node_signs_the_other_proves_and_knows()
    {
        await nodes.A.Admin.AddClientAsync(new { client_id = "signed", kind = "client", audience = new[] { Acme.OrdersApi }, grants = new { access_token_format = "jwt" } });
        var orders = await nodes.A.Admin.AddClientAsync(new { client_id = "rs-jwt", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        var token = await nodes.A.Admin.IssueAsync(new { client_id = "signed", sub = "u", aud = Acme.OrdersApi });
        (await nodes.B.VerifyAsync(token)).ShouldBe(SignatureVerdict.Good);
        (await nodes.B.OAuth.IntrospectAsync(token, orders)).ShouldBeActive();
        await nodes.B.Admin.RevokeAsync(token);
        (await nodes.A.OAuth.IntrospectAsync(token, orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task A_node_with_another_key_file_does_not_join()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("k"), Convert.ToBase64String(new byte[32]));
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => (options.Postgres.Connection, options.Postgres.NodeName, options.Signing.KeyFile) = (nodes.Connection, "third", folder.File("k"))));
        error.Message.ShouldContain("can't be opened with " + folder.File("k"));
    }

    [Fact]
    public async Task Nodes_that_are_told_in_the_same_moment_make_one_key_that_signs_at_once()
    {
        await KeysOf(nodes.A).EnsureAsync("RS256");
        nodes.A.Time.AdvanceSeconds(SigningKeys.SameCommand);
        await LookAsync();
        var before = (await nodes.A.PublishedAsync("RS256")).Length;
        var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => nodes.Any(i).Admin.PostAsync("/admin/keys/rotate", new { alg = "RS256", now = true })));
        made.Select(answer => answer.ShouldBeJson(200).Json.GetProperty("kid").GetString()).Distinct().ShouldHaveSingleItem();
        (await nodes.B.PublishedAsync("RS256")).Length.ShouldBe(before + 1);
    }

    [Fact]
    public async Task A_node_that_cannot_open_the_newest_key_changes_none_and_says_so()
    {
        using var folder = new TempFolder();
        var connection = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        foreach (var name in (string[])["old", "new"]) await File.WriteAllTextAsync(folder.File(name), Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)));
        await using var old = await TestServer.StartAsync(options => (options.Postgres.Connection, options.Postgres.NodeName, options.Signing.KeyFile) = (connection, "old", folder.File("old")));
        await using var fresh = await TestServer.StartAsync(options => (options.Postgres.Connection, options.Postgres.NodeName, options.Signing.KeyFile, options.Signing.ReplaceUnreadable, options.Signing.RotateAfter) = (connection, "new", folder.File("new"), true, TimeSpan.Zero), time: old.Time);
        var kid = KeysOf(fresh).Ring.Of("ES256")[0].Stored.Kid;
        old.Time.AdvanceSeconds(6);
        for (var i = 0; i < 3; i++) await KeysOf(old).KeepAsync();
        old.Logs.Of(107).Count(line => line.Text.Contains(kid, StringComparison.Ordinal)).ShouldBe(1);
        (await old.Admin.PostAsync("/admin/keys/rotate", new { now = true })).ShouldBeProblem(409).GetProperty("detail").GetString()!.ShouldStartWith($"The signing key {kid} can't be opened with {folder.File("old")}");
        old.Time.Advance(TimeSpan.FromDays(90));
        await KeysOf(old).KeepAsync();
        (await KeysOf(old).ReadAsync()).All.Count(key => key.Stored.Algorithm == "ES256").ShouldBe(2);
        Should.Throw<StoreException>(() => KeysOf(old).Current("ES256")).Message.ShouldStartWith($"The signing key {kid} can't be opened");
        SigningKeysTests.Kid(fresh, "ES256").ShouldBe(kid);
    }

    [Fact]
    public async Task Of_nodes_with_different_key_files_that_start_on_an_empty_database_one_is_refused_and_told_why()
    {
        using var folder = new TempFolder();
        foreach (var name in (string[])["a", "b"]) await File.WriteAllTextAsync(folder.File(name), Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)));
        for (var round = 0; round < 3; round++)
        {
            var connection = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
            var refused = (await Task.WhenAll(StartAsync("a"), StartAsync("b"))).OfType<StartupException>().ShouldHaveSingleItem();
            refused.Message.ShouldContain("it was sealed with another one");

            async Task<Exception?> StartAsync(string name)
            {
                try
                {
                    await using var server = await TestServer.StartAsync(options => (options.Postgres.Connection, options.Postgres.NodeName, options.Signing.KeyFile) = (connection, name, folder.File(name)));
                    return null;
                }
                catch (Exception failed)
                {
                    return failed;
                }
            }
        }
    }

    private string[] Kids(string algorithm) => [SigningKeysTests.Kid(nodes.A, algorithm), SigningKeysTests.Kid(nodes.B, algorithm)];

    private static SigningKeys KeysOf(TestServer server) => server.Services.GetRequiredService<SigningKeys>();

    // What the timer of each does every two seconds.
    private async Task LookAsync()
    {
        await KeysOf(nodes.A).KeepAsync();
        await KeysOf(nodes.B).KeepAsync();
    }
}

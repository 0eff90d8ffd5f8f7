using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Revocation;

/// <summary>Global Token Revocation (draft-parecki-oauth-global-token-revocation).</summary>
public sealed class GlobalRevocationTests(Acme acme) : IClassFixture<Acme>
{
    private const string Path = "/oauth/global-token-revocation";
    private const string Scope = "touchstone:revoke";

    [Fact]
    public async Task G03_G04_G05_All_tokens_of_the_subject_end_and_those_of_a_later_sign_in_live()
    {
        var sub = Name();
        string[] tokens = [await IssueAsync(sub), await IssueAsync(sub, tenant: "north"), await acme.Admin.IssueAsync(new { client_id = "web-shop", sub, kind = "refresh_token", grant = sub })];
        var cursor = (await acme.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
        var other = await IssueAsync(Name());

        var answer = await CallAsync(await TrustedAsync(null), IssSub(sub));
        answer.Status.ShouldBe(204, answer.ToString());
        answer.Body.ShouldBeEmpty();
        answer.Header("Cache-Control").ShouldBe("no-store");

        foreach (var token in tokens) (await ReasonAsync(token)).ShouldBe("revoked");
        (await ReasonAsync(await acme.Admin.IssueAsync(new { client_id = "web-shop", sub, born = cursor }))).ShouldBe("revoked", "the user signed in before");
        (await ReasonAsync(await IssueAsync(sub))).ShouldBe("active");
        (await ReasonAsync(other)).ShouldBe("active");
    }

    [Fact]
    public async Task G01_Opaque_identifiers_aliases_and_foreign_issuers_name_subjects()
    {
        var bearer = await TrustedAsync(null);
        var (opaque, alias) = (Name(), Name());
        var tokens = new[] { await IssueAsync(opaque), await IssueAsync(alias) };
        var foreign = "at." + Name();
        await acme.Admin.IssueAsync(new { token = foreign, iss = "https://idp.test", client_id = "x", sub = alias, expires_in = 60 });

        (await CallAsync(bearer, new { sub_id = new { format = "opaque", id = opaque } })).Status.ShouldBe(204);
        (await ReasonAsync(tokens[0])).ShouldBe("revoked");
        (await CallAsync(bearer, new { sub_id = new { format = "aliases", identifiers = new object[] { new { format = "email", email = "a@x.test" }, new { format = "opaque", id = alias } } } })).Status.ShouldBe(204);
        (await ReasonAsync(tokens[1])).ShouldBe("revoked");
        (await ReasonAsync(foreign)).ShouldBe("active");
        (await CallAsync(bearer, IssSub(alias, "https://idp.test"))).Status.ShouldBe(204);
        (await ReasonAsync(foreign)).ShouldBe("revoked");
    }

    [Theory]
    [InlineData("""{"sub_id":{"format":"email","email":"a@x.test"}}""", "use iss_sub or opaque")]
    [InlineData("""{"sub_id":{"format":"iss_sub","iss":"https://idp.test","sub":"a","x":1}}""", "no other")]
    [InlineData("""{"sub_id":{"format":"iss_sub","iss":"nowhere","sub":"a"}}""", "absolute")]
    [InlineData("""{"sub_id":{"format":"opaque","id":"a\u0007"}}""", "control")]
    [InlineData("""{"sub_id":"alice"}""", "RFC 9493")]
    [InlineData("""{"sub_id":{"format":"opaque","id":"a"},"reason":"x"}""", "one member sub_id")]
    [InlineData("""{"sub_id":{"format":"opaque","id":"a"},"sub_id":{"format":"opaque","id":"b"}}""", "twice")]
    [InlineData("""{"sub_id":{"format":"opaque","id":"a","id":"b"}}""", "twice")]
    [InlineData("{}", "one member sub_id")]
    [InlineData("[]", "one member sub_id")]
    [InlineData("{", "not readable JSON")]
    public async Task G01_C21_What_is_not_exactly_one_usable_identifier_is_400_and_nothing_is_written(string body, string told)
    {
        var bearer = await TrustedAsync(null);
        var before = await SeqAsync();
        var answer = await CallAsync(bearer, body);
        answer.ShouldBeProblem(400);
        answer.Text.ShouldContain(told);
        (await SeqAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task G01_Another_method_media_type_or_size_is_refused()
    {
        var bearer = await TrustedAsync(null);
        var get = await acme.OAuth.GetAsync(Path);
        get.ShouldBeProblem(405, "Use POST.");
        get.Header("Allow").ShouldBe("POST");
        (await CallAsync(bearer, "sub_id=alice", "application/x-www-form-urlencoded")).ShouldBeProblem(415);
        (await CallAsync(bearer, $$$"""{"sub_id":{"format":"opaque","id":"{{{new string('a', 20_000)}}}"}}""")).ShouldBeProblem(413);
    }

    [Fact]
    public async Task G02_G08_C08_Without_a_good_token_it_is_401_with_a_challenge_and_with_another_scope_403()
    {
        var sub = Name();
        var token = await IssueAsync(sub);
        var none = await CallAsync(null, IssSub(sub));
        none.ShouldBeProblem(401);
        none.Header("WWW-Authenticate").ShouldBe($"Bearer realm=\"touchstone\", scope=\"{Scope}\"");
        string[] bad = ["wrong", await TrustedAsync(null, aud: Acme.OrdersApi), await TrustedAsync(null, cnf: new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" })];
        foreach (var bearer in bad)
        {
            var answer = await CallAsync(bearer, IssSub(sub));
            answer.ShouldBeProblem(401);
            answer.Header("WWW-Authenticate").ShouldNotBeNull().ShouldContain("error=\"invalid_token\"");
        }
        foreach (var scope in (string[])["touchstone:admin", "touchstone:introspect", "touchstone:revoked orders:read"])
        {
            var answer = await CallAsync(await TrustedAsync(null, scope), IssSub(sub));
            answer.ShouldBeProblem(403);
            answer.Header("WWW-Authenticate").ShouldNotBeNull().ShouldContain("error=\"insufficient_scope\"");
        }
        (await ReasonAsync(token)).ShouldBe("active");
    }

    [Fact]
    public async Task G07_Its_scope_opens_nothing_else()
    {
        var bearer = await TrustedAsync(null);
        using var admin = new HttpRequestMessage(HttpMethod.Get, AdminCalls.Clients);
        admin.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        (await acme.OAuth.SendAsync(admin)).Status.ShouldBe(403);
        foreach (var path in (string[])[OAuthCalls.Introspect, OAuthCalls.Revoke, OAuthCalls.Token])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([new("token", "x")]) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
            (await acme.OAuth.SendAsync(request)).Status.ShouldBe(401, path);
        }
    }

    [Fact]
    public async Task G07_G08_A_caller_of_a_tenant_ends_its_own_tenants_tokens_and_no_others()
    {
        var north = await TrustedAsync("north");
        var (sub, theirs) = (Name(), Name());
        var mine = await IssueAsync(sub, tenant: "north");
        string[] others = [await IssueAsync(sub, tenant: "south"), await IssueAsync(sub)];
        string[] foreign = [await IssueAsync(theirs, tenant: "south"), await IssueAsync(theirs)];

        // A user of another tenant and one that nobody has: one answer.
        var refused = await CallAsync(north, IssSub(theirs));
        refused.ShouldBeProblem(404, "No token of this subject is known.");
        (await CallAsync(north, IssSub("nobody-at-all"))).Text.ShouldBe(refused.Text);
        foreach (var token in foreign) (await ReasonAsync(token)).ShouldBe("active");

        (await CallAsync(north, IssSub(sub))).Status.ShouldBe(204);
        (await ReasonAsync(mine)).ShouldBe("revoked");
        foreach (var token in (string[])[.. others, .. foreign]) (await ReasonAsync(token)).ShouldBe("active");
        (await ReasonAsync(await IssueAsync(sub, tenant: "north"))).ShouldBe("active");
    }

    [Fact]
    public async Task G07_What_a_tenant_asked_for_holds_when_memory_started_afresh()
    {
        var log = acme.Server.Services.GetRequiredService<Touchstone.Server.Revocation.RevocationLog>();
        var sub = Name();
        var (mine, other) = (await IssueAsync(sub, tenant: "north"), await IssueAsync(sub, tenant: "south"));
        await CallAsync(await TrustedAsync("north"), IssSub(sub));
        var most = log.MaxRows;
        log.MaxRows = 0;
        await acme.Admin.RevokeAsync(Name());
        log.MaxRows = most;
        (await ReasonAsync(mine)).ShouldBe("revoked");
        (await ReasonAsync(other)).ShouldBe("active");
    }

    [Fact]
    public async Task G03_A_token_that_is_being_written_does_not_outlive_a_call_that_did_not_know_it()
    {
        var (server, store) = await ProbedStore.StartAsync();
        await using var running = server;
        await server.Admin.AddClientAsync(new { client_id = "web", kind = "client" });
        var bearer = await server.Admin.IssueAsync(new { client_id = "web", scope = Scope, aud = TestServer.DefaultIssuer });
        var (isWriting, goOn) = store.HoldNextWrite();
        var issuing = server.Admin.IssueAsync(new { client_id = "web", sub = "alice" });
        await isWriting;
        (await CallAsync(bearer, IssSub("alice"), on: server)).Status.ShouldBe(404);
        goOn.SetResult();
        (await server.Admin.LookUpAsync(await issuing)).GetProperty("reason").GetString().ShouldBe("revoked");
    }

    [Fact]
    public async Task G05_L06_A_store_fault_is_503_and_never_204()
    {
        var (server, store) = await ProbedStore.StartAsync();
        await using var running = server;
        await server.Admin.AddClientAsync(new { client_id = "web", kind = "client" });
        var bearer = await server.Admin.IssueAsync(new { client_id = "web", sub = "alice", scope = Scope, aud = TestServer.DefaultIssuer });
        store.BeforeWrite = () => Task.FromException(new StoreException("made to fail"));
        (await CallAsync(bearer, IssSub("alice"), on: server)).ShouldBeProblem(503);
    }

    [Fact]
    public async Task G06_The_metadata_names_it()
    {
        var metadata = await acme.OAuth.MetadataAsync();
        metadata.GetProperty("global_token_revocation_endpoint").GetString().ShouldBe(TestServer.DefaultIssuer + Path);
        metadata.GetProperty("global_token_revocation_endpoint_auth_methods_supported").EnumerateArray().Select(method => method.GetString()).ShouldBe(["Bearer"]);
    }

    [Fact]
    public async Task G08_Every_call_is_recorded()
    {
        using var folder = new TempFolder();
        await using (var server = await TestServer.StartAsync(data: folder.Path))
        {
            await server.Admin.AddClientAsync(new { client_id = "idp", kind = "client", tenant = "north" });
            var bearer = await server.Admin.IssueAsync(new { client_id = "idp", scope = Scope, aud = TestServer.DefaultIssuer });
            await server.Admin.IssueAsync(new { client_id = "idp", sub = "alice" });
            await CallAsync(bearer, IssSub("alice"), on: server);
            await CallAsync(bearer, IssSub("bob"), on: server);
            await CallAsync(bearer, "{}", on: server);
            await CallAsync("wrong", IssSub("alice"), on: server);
            await CallAsync(await server.Admin.TokenAsync(), IssSub("alice"), on: server);
        }
        using var query = AuditQuery.Open(folder.Path, new AuditFilter { Kinds = [AuditKind.Revoked, AuditKind.AccessRefused, AuditKind.AuthenticationFailed] }, TestStore.Connection(folder.Path));
        query.All().Select(record => string.Join(' ', new[] { "kind", "actor", "selector", "subject", "tenant", "reason", "endpoint" }.Select(name => record.TryGetProperty(name, out var value) ? value.GetString() : "-"))).ShouldBe(
            [
                "revoked idp member alice north global token revocation -", "revoked idp member bob north global token revocation -",
                "access_refused idp - bob north unknown_subject global_revocation", "access_refused idp - - north invalid_request global_revocation",
                "authentication_failed - - - - invalid_token global_revocation", "access_refused - - - - insufficient_scope global_revocation",
            ],
            ignoreOrder: true);
        using var rows = AuditQuery.Open(folder.Path, new AuditFilter { Kinds = [AuditKind.Revoked] }, TestStore.Connection(folder.Path));
        var seq = rows.All().First().GetProperty("revocation").GetInt64();
        AuditImpact.Of(folder.Path, seq.ToString(System.Globalization.CultureInfo.InvariantCulture), TestStore.Connection(folder.Path)).ShouldNotBeNull().NotRecorded.ShouldAllBe(note => !note.Contains("member", StringComparison.Ordinal));
    }

    private static string Name() => $"u-{Guid.NewGuid():N}";

    private static object IssSub(string sub, string iss = TestServer.DefaultIssuer) => new { sub_id = new { format = "iss_sub", iss, sub } };

    private Task<string> IssueAsync(string sub, string? tenant = null) => acme.Admin.IssueAsync(tenant is null ? new { client_id = "web-shop", sub, aud = Acme.OrdersApi } : new { client_id = "web-shop", sub, tenant, aud = Acme.OrdersApi });

    private async Task<string?> ReasonAsync(string token) => (await acme.Admin.LookUpAsync(token)).GetProperty("reason").GetString();

    private async Task<string?> SeqAsync() => (await acme.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();

    // The token of a trusted party that is registered with a tenant, or with none.
    private async Task<string> TrustedAsync(string? tenant, string scope = Scope, string aud = TestServer.DefaultIssuer, object? cnf = null)
    {
        var client = await acme.Admin.AddClientAsync(new { client_id = "idp-" + Name(), kind = "client", tenant });
        return await acme.Admin.IssueAsync(new { client_id = client.Id, scope, aud, cnf });
    }

    private async Task<Answer> CallAsync(string? bearer, object body, string mediaType = "application/json", TestServer? on = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, mediaType) };
        if (bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return await (on ?? acme.Server).OAuth.SendAsync(request);
    }
}

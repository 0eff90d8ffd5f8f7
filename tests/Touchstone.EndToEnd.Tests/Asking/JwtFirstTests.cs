using Touchstone.Client;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>JWTs that a real server mints are accepted without asking it, and end with whatever ends them there, as soon as the feed tells.</summary>
public sealed class JwtFirstTests : IAsyncLifetime
{
    private const string Audience = "https://jwt.asking.example";

    // News come in milliseconds; on a busy machine later, and at the latest with the leases.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    private ServerProcess _server = null!;
    private TestClient _caller = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(new ServerSetup { Environment = ServerSetup.NoLimits });
        _caller = await _server.Admin.AddClientAsync(new { client_id = "jwt-api", kind = "resource-server", audience = new[] { Audience }, tag_key = true, grants = new { access_token_format = "jwt" } });
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task L08_H06_A_minted_JWT_is_accepted_without_asking_until_it_is_revoked_by_whatever_names_it()
    {
        await using var api = await StartAsync();
        (string Name, Func<string, object> Row)[] ways =
        [
            ("token", token => new { token }), ("jti", _ => new { jti = "j-jti" }), ("grant", _ => new { grant = "g-grant" }), ("session", _ => new { session = "s-session" }),
            ("sub", _ => new { sub = "u-sub" }), ("tenant", _ => new { tenant = "t-tenant" }), ("client", _ => new { client_id = "c-client" }), ("all", _ => new { all = true }),
        ];
        foreach (var (name, row) in ways)
        {
            await _server.Admin.AddClientAsync("c-" + name, Audience);
            var seen = await IssueAsync(name);
            var unseen = await IssueAsync(name, jti: "j-unseen-" + name);
            (await api.AskAsync("/", seen)).ShouldBeFrom(nameof(IntrospectionSource.Jwt), name);
            (await api.AskAsync("/", seen)).ShouldBeFrom(nameof(IntrospectionSource.Memory), name);
            var revoked = await _server.Admin.PostAsync("/admin/revocations", row(seen.Value));
            revoked.Status.ShouldBe(200, revoked.ToString());
            await Until.TrueAsync(async () => (await api.AskAsync("/", seen)).Status == 401, $"the JWT that was revoked by {name} was refused", Bound);
            // One that the row names too is refused the first time that it comes; the others are not.
            if (name is "token" or "jti") (await api.AskAsync("/", unseen)).ShouldBeFrom(nameof(IntrospectionSource.Jwt), name);
            else (await api.AskAsync("/", unseen)).Status.ShouldBe(401, name);
            if (name == "all") _server.Admin.Forget();
            // What is issued after is born after.
            if (name is "sub" or "tenant" or "client" or "all") (await api.AskAsync("/", await IssueAsync(name, jti: "j-later-" + name))).ShouldBeFrom(nameof(IntrospectionSource.Jwt), name);
        }
    }

    [Fact]
    public async Task H06_One_of_the_token_endpoint_too_also_when_the_key_is_another_since()
    {
        await using var api = await StartAsync();
        var client = await _server.Admin.AddClientAsync(new { client_id = "app", kind = "client", audience = new[] { Audience }, scope = "read" });
        var token = new AskedToken(await _server.OAuth.TokenOfAsync(client));
        (await api.AskAsync("/", token)).ShouldBeFrom(nameof(IntrospectionSource.Jwt), "minted");
        (await _server.Admin.PostAsync("/admin/keys/rotate", new { now = true })).Status.ShouldBe(200);
        var rotated = new AskedToken(await _server.OAuth.TokenOfAsync(client));
        // A key that it does not know has it look again, once in five seconds at most: until then it can't say no.
        await Until.TrueAsync(async () => (await api.AskAsync("/", rotated)).Status == 200, "the JWT of the new key was accepted");
        (await api.AskAsync("/", token)).Status.ShouldBe(200);
        (await _server.OAuth.RevokeAsync(rotated.Value, client)).Status.ShouldBe(200);
        await Until.TrueAsync(async () => (await api.AskAsync("/", rotated)).Status == 401, "the revoked JWT was refused", Bound);
        (await api.AskAsync("/", token)).Status.ShouldBe(200);
    }

    private Task<ProtectedApi> StartAsync() => ProtectedApi.StartAsync(
        options =>
        {
            var issuer = _server.Address.GetLeftPart(UriPartial.Authority);
            (options.ClientId, options.ClientSecret, options.Issuer) = (_caller.Id, _caller.Secret, new Uri(issuer));
            options.Jwt.Mode = JwtMode.JwtFirst;
            options.Jwt.Issuers.Add(new JwtIssuer { Issuer = issuer, Audiences = [Audience], Revocation = JwtRevocation.ByServer });
        },
        ("/", new IntrospectionPolicy { MaxTtl = TimeSpan.FromMinutes(10) }));

    private async Task<AskedToken> IssueAsync(string name, string? jti = null) => new(await _server.Admin.IssueAsync(
        new { client_id = "c-" + name, sub = "u-" + name, aud = Audience, jti = jti ?? "j-" + name, grant = "g-" + name, session = "s-" + name, tenant = "t-" + name }));
}

/// <summary>What is said of an answer.</summary>
file static class Answers
{
    internal static void ShouldBeFrom(this ApiAnswer answer, string source, string what) => (answer.Status, answer.Source).ShouldBe((200, source), what);
}

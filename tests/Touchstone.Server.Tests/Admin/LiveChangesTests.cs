using Touchstone.Server.Tests.ClientAuth;

namespace Touchstone.Server.Tests.Admin;

/// <summary>What an administrator changes is in force for the request that begins after the answer, without a restart; and after one all the same.</summary>
public sealed class LiveChangesTests(Acme acme) : IClassFixture<Acme>
{
    private static int _names;

    private static string Name => $"live-{Interlocked.Increment(ref _names)}";

    [Fact]
    public async Task A_new_client_is_known_a_disabled_one_is_not_and_an_enabled_one_is_again()
    {
        var id = Name;
        await ShouldBeAsync(new TestClient(id, "nothing"), 401);
        var client = await AddAsync(id);
        await ShouldBeAsync(client, 200);
        await acme.Admin.ChangeAsync(id, "disable");
        await ShouldBeAsync(client, 401);
        await acme.Admin.ChangeAsync(id, "enable");
        await ShouldBeAsync(client, 200);
    }

    [Fact]
    public async Task A_rotated_secret_works_at_once_and_the_old_one_until_its_end()
    {
        var old = await AddAsync(Name);
        await ShouldBeAsync(old, 200);
        var changed = old with { Secret = await RotateAsync(old, 60) };
        await ShouldBeAsync(changed, 200);
        await ShouldBeAsync(old, 200);
        acme.Time.AdvanceSeconds(60);
        await ShouldBeAsync(changed, 200);
        await ShouldBeAsync(old, 401);
        var last = changed with { Secret = await RotateAsync(changed, 0) };
        await ShouldBeAsync(last, 200);
        await ShouldBeAsync(changed, 401);
    }

    [Fact]
    public async Task Keys_overlap_as_long_as_both_are_registered()
    {
        var (id, old, next) = (Name, Signer.Of("ES256", "old"), Signer.Of("ES256", "next"));
        await acme.Server.AddWithKeysAsync(id, old);
        await acme.Server.ShouldAcceptAsync(old.Assertion(id, acme.Time.Seconds));
        await acme.Admin.ChangeAsync(id, "keys", new { jwks = Signer.SetOf(old, next) });
        foreach (var key in (Signer[])[old, next]) await acme.Server.ShouldAcceptAsync(key.Assertion(id, acme.Time.Seconds));
        await acme.Admin.ChangeAsync(id, "keys", new { jwks = Signer.SetOf(next) });
        await acme.Server.ShouldAcceptAsync(next.Assertion(id, acme.Time.Seconds));
        (await acme.Server.AssertAsync(old.Assertion(id, acme.Time.Seconds))).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_view_shapes_the_next_answer_about_a_token_that_was_seen_before()
    {
        var client = await AddAsync(Name, Acme.OrdersApi);
        var token = await acme.TokenAsync();
        (await acme.OAuth.IntrospectAsync(token, client)).Json.GetProperty("scope").GetString().ShouldBe("orders:read");
        await acme.Admin.ChangeAsync(client.Id, "view", new { scope = "", sub = "omitted" });
        var answer = (await acme.OAuth.IntrospectAsync(token, client)).Json;
        (answer.TryGetProperty("scope", out _), answer.TryGetProperty("sub", out _)).ShouldBe((false, false));
        await acme.Admin.ChangeAsync(client.Id, "view", new { });
        (await acme.OAuth.IntrospectAsync(token, client)).Json.GetProperty("sub").GetString().ShouldBe("u-4821");
    }

    [Fact]
    public async Task A_disabled_subject_and_a_disabled_client_end_tokens_that_memory_knows()
    {
        var owner = Name;
        await acme.Admin.AddClientAsync(new { client_id = owner, kind = "client", audience = new[] { Acme.OrdersApi } });
        var (bySubject, byClient) = (await acme.TokenAsync(new { client_id = owner, sub = owner, aud = Acme.OrdersApi }), await acme.TokenAsync(new { client_id = owner, sub = "another", aud = Acme.OrdersApi }));
        foreach (var token in (string[])[bySubject, byClient]) (await acme.OAuth.IsActiveAsync(token, acme.Orders)).ShouldBeTrue();
        (await acme.Admin.PostAsync("/admin/subjects/disable", new { sub = owner })).Status.ShouldBe(200);
        (await acme.OAuth.IsActiveAsync(bySubject, acme.Orders)).ShouldBeFalse();
        (await acme.OAuth.IsActiveAsync(byClient, acme.Orders)).ShouldBeTrue();
        await acme.Admin.ChangeAsync(owner, "disable");
        (await acme.OAuth.IsActiveAsync(byClient, acme.Orders)).ShouldBeFalse();
    }

    private Task<TestClient> AddAsync(string id, string? audience = null) => acme.Admin.AddClientAsync(new { client_id = id, kind = "resource-server", audience = new[] { audience ?? "https://live.acme.test/" } });

    private async Task<string> RotateAsync(TestClient client, int overlap) => (await acme.Admin.ChangeAsync(client.Id, "rotate-secret", new { overlap_seconds = overlap })).GetProperty("client_secret").GetString()!;

    private async Task ShouldBeAsync(TestClient client, int status) => (await acme.OAuth.IntrospectAsync("unknown", client)).Status.ShouldBe(status);
}

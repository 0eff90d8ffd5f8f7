using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Tests.ClientAuth;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>Any node answers anything: what was done at one holds at the other when it was answered.</summary>
public sealed class AnyNodeTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    [Fact]
    public async Task L13_K07_Of_uses_of_one_assertion_at_two_nodes_exactly_one_wins()
    {
        var key = Signer.Of("ES256");
        await nodes.A.AddWithKeysAsync("rs-replay", key);
        for (var round = 0; round < 20; round++)
        {
            var assertion = key.Assertion("rs-replay", nodes.A.Time.Seconds);
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => nodes.Any(i).AssertAsync(assertion)));
            answers.Count(answer => answer.Status == 200).ShouldBe(1);
            answers.Count(answer => answer.Status == 401).ShouldBe(19);
        }
    }

    [Fact]
    public async Task A_token_is_issued_introspected_and_revoked_at_any_node()
    {
        var (orders, shop) = await AddPairAsync("any");
        for (var i = 0; i < 10; i++)
        {
            var (here, there) = (nodes.Any(i), nodes.Any(i + 1));
            var token = await here.OAuth.TokenOfAsync(shop);
            (await there.OAuth.IntrospectAsync(token, orders)).ShouldBeActive();
            (await here.OAuth.IntrospectAsync(token, orders)).ShouldBeActive();
            (await there.OAuth.RevokeAsync(token, shop)).Status.ShouldBe(200);
            (await here.OAuth.IntrospectAsync(token, orders)).ShouldBeInactive();
            (await there.OAuth.IntrospectAsync(token, orders)).ShouldBeInactive();
        }
    }

    [Fact]
    public async Task A_cursor_of_one_node_is_good_at_the_other()
    {
        var (orders, _) = await AddPairAsync("cursor");
        for (var i = 0; i < 10; i++)
        {
            await nodes.Any(i).Admin.PostAsync(AdminCalls.Revocations, new { client_id = "nobody" });
            var born = (await nodes.Any(i).Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
            var token = await nodes.Any(i + 1).Admin.IssueAsync(new { client_id = "shop-cursor", sub = "alice", aud = Acme.OrdersApi, born });
            (await nodes.Any(i).OAuth.IntrospectAsync(token, orders)).ShouldBeActive();
        }
    }

    [Fact]
    public async Task A_change_of_a_registration_holds_at_every_node_when_it_is_answered()
    {
        var (orders, shop) = await AddPairAsync("change");
        for (var i = 0; i < 5; i++)
        {
            var (here, there) = (nodes.Any(i), nodes.Any(i + 1));
            await here.Admin.ChangeAsync(orders.Id, "disable");
            (await there.OAuth.IntrospectAsync("x", orders)).Status.ShouldBe(401);
            await there.Admin.ChangeAsync(orders.Id, "enable");
            (await here.OAuth.IntrospectAsync("x", orders)).ShouldBeInactive();
            await here.Admin.PostAsync("/admin/subjects/disable", new { sub = shop.Id });
            (await there.OAuth.GrantAsync(shop)).ShouldBeError(400, "unauthorized_client");
            await there.Admin.PostAsync("/admin/subjects/enable", new { sub = shop.Id });
            (await here.OAuth.GrantAsync(shop)).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task Changes_of_one_client_at_two_nodes_at_once_are_all_kept()
    {
        var (orders, _) = await AddPairAsync("twice");
        for (var round = 1; round <= 10; round++)
        {
            var answers = await Task.WhenAll(
                nodes.A.Admin.PostAsync($"/admin/clients/{orders.Id}/limits", new { rate = round }),
                nodes.B.Admin.PostAsync($"/admin/clients/{orders.Id}/limits", new { burst = 1000 + round }),
                nodes.A.Admin.PostAsync($"/admin/clients/{orders.Id}/view", new { scope = $"s{round}" }),
                nodes.B.Admin.PostAsync($"/admin/clients/{orders.Id}/rotate-secret", new { overlap_seconds = 0 }));
            answers.ShouldAllBe(answer => answer.Status == 200, string.Join('\n', answers.Select(answer => answer.ToString())));
            foreach (var node in (TestServer[])[nodes.A, nodes.B])
            {
                var shown = node.Services.GetRequiredService<ClientDirectory>().Find(orders.Id)!.Registration;
                (shown.Limits!.Rate, shown.Limits.Burst, shown.View!.Scope).ShouldBe((round, 1000 + round, $"s{round}"));
            }
            orders = orders with { Secret = answers[3].Json.GetProperty("client_secret").GetString() };
            (await nodes.A.OAuth.IntrospectAsync("x", orders)).ShouldBeInactive();
        }
    }

    [Fact]
    public async Task Tokens_that_two_nodes_register_in_another_order_don_t_wait_in_a_circle()
    {
        for (var round = 0; round < 5; round++)
        {
            object[] items = [.. Enumerable.Range(0, 300).Select(n => (object)new { token = $"shared-{round}-{n}", iss = "https://idp.acme.test", client_id = "x", expires_in = 600 })];
            var answers = await Task.WhenAll(nodes.A.Admin.PostAsync(AdminCalls.Tokens, items), nodes.B.Admin.PostAsync(AdminCalls.Tokens, items.Reverse().ToArray()));
            answers.Select(answer => answer.Status).ShouldBe([201, 409], ignoreOrder: true);
        }
        // The place of the first that was there is that of the request.
        object[] some = [new { token = "new-1", iss = "https://idp.acme.test", client_id = "x", expires_in = 600 }, new { token = "shared-0-7", iss = "https://idp.acme.test", client_id = "x", expires_in = 600 }, new { token = "shared-0-8", iss = "https://idp.acme.test", client_id = "x", expires_in = 600 }];
        (await nodes.A.Admin.PostAsync(AdminCalls.Tokens, some)).ShouldBeProblem(409).GetProperty("errors")[0].GetProperty("index").GetInt32().ShouldBe(1);
        (await nodes.DeadlocksAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Subjects_that_two_nodes_disable_in_another_order_don_t_wait_in_a_circle()
    {
        for (var round = 0; round < 2; round++)
        {
            var names = Enumerable.Range(0, 20).Select(n => $"circle-{round}-{n}").ToArray();
            var answers = await Task.WhenAll(names.Select(name => DisableAsync(nodes.A, name)).Concat(names.Reverse().Select(name => DisableAsync(nodes.B, name))));
            answers.ShouldAllBe(answer => answer.Status == 200);
        }
        (await nodes.DeadlocksAsync()).ShouldBe(0);

        static Task<Answer> DisableAsync(TestServer node, string name) => node.Admin.PostAsync("/admin/subjects/disable", new { sub = name });
    }

    [Fact]
    public async Task A_secret_that_is_used_at_one_node_is_kept_by_a_rotation_at_the_other()
    {
        var (orders, _) = await AddPairAsync("rotate");
        (await nodes.A.OAuth.IntrospectAsync("x", orders)).ShouldBeInactive();
        var second = await RotateAsync(nodes.A, orders);
        foreach (var secret in (TestClient[])[orders, second]) (await nodes.B.OAuth.IntrospectAsync("x", secret)).ShouldBeInactive();
        nodes.A.Time.AdvanceSeconds(1); // The first use of the second secret is written by now.
        await nodes.B.Services.GetRequiredService<SecretUses>().SaveAsync();

        var third = await RotateAsync(nodes.A, orders);
        (await nodes.B.OAuth.IntrospectAsync("x", second)).ShouldBeInactive();
        (await nodes.B.OAuth.IntrospectAsync("x", third)).ShouldBeInactive();
        (await nodes.B.OAuth.IntrospectAsync("x", orders)).Status.ShouldBe(401, "the oldest of three");
    }

    [Fact]
    public async Task When_a_secret_was_last_used_is_the_latest_use_at_any_node()
    {
        var (orders, _) = await AddPairAsync("last");
        var uses = (A: nodes.A.Services.GetRequiredService<SecretUses>(), B: nodes.B.Services.GetRequiredService<SecretUses>());
        (await nodes.A.OAuth.IntrospectAsync("x", orders)).ShouldBeInactive();
        nodes.A.Time.AdvanceSeconds(10);
        var last = nodes.A.Time.Seconds;
        (await nodes.B.OAuth.IntrospectAsync("x", orders)).ShouldBeInactive();
        await uses.B.SaveAsync();
        await uses.A.SaveAsync(); // What it knows is older, and takes nothing away.
        foreach (var node in (TestServer[])[nodes.A, nodes.B])
            (await node.Admin.GetAsync($"/admin/clients/{orders.Id}")).Json.GetProperty("secrets")[0].GetProperty("last_used_at").GetInt64().ShouldBe(last);
    }

    private static async Task<TestClient> RotateAsync(TestServer node, TestClient client) =>
        client with { Secret = (await node.Admin.ChangeAsync(client.Id, "rotate-secret", new { overlap_seconds = 86400 })).GetProperty("client_secret").GetString() };

    private async Task<(TestClient Orders, TestClient Shop)> AddPairAsync(string name) => (
        await nodes.A.Admin.AddClientAsync(new { client_id = "rs-" + name, kind = "resource-server", audience = new[] { Acme.OrdersApi } }),
        await nodes.B.Admin.AddClientAsync(new { client_id = "shop-" + name, kind = "client", audience = new[] { Acme.OrdersApi }, scope = "orders:read" }));
}

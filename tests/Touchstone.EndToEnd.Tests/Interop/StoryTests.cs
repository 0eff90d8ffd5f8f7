using System.Text.Json.Nodes;
using Touchstone.Client;

namespace Touchstone.EndToEnd.Tests.Interop;

/// <summary>The lives that real tokens have, from end to end: three nodes, clients and resource servers that are not ours, and caches that follow the feed.</summary>
public sealed class StoryTests
{
    private const string Orders = "https://orders.story.example/", Stock = "https://stock.story.example/";

    [Fact]
    public async Task X10_J01_A_token_by_private_key_is_exchanged_for_another_audience_introspected_signed_and_ends_everywhere_with_the_first()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        await using var stories = await Stories.BeginAsync();
        await using var cluster = await TestCluster.StartAsync(3);
        var (admin, issuer) = (cluster.Nodes[0].Admin, cluster.Nodes[0].Address.GetLeftPart(UriPartial.Authority));

        // A shop with a key of its own may call orders; orders may call stock for whom it was called by.
        var (shopKeys, shopKey) = Stories.NewKey();
        var (ordersKeys, ordersKey) = Stories.NewKey();
        await admin.AddClientAsync(new { client_id = "shop", kind = "client", audience = new[] { Orders }, scope = "stock:read orders:write", auth_methods = new[] { "private_key_jwt" }, jwks = shopKeys });
        await admin.AddClientAsync(new
        {
            client_id = "orders", kind = "client", audience = new[] { Stock }, scope = "stock:read", auth_methods = new[] { "private_key_jwt" }, jwks = ordersKeys,
            grants = new { grant_types = new[] { "urn:ietf:params:oauth:grant-type:token-exchange" }, token_exchange = new { subject_audiences = new[] { Orders }, targets = new[] { Stock }, impersonation = true, delegation = true } },
        });
        var stock = await admin.AddClientAsync(new { client_id = "stock", kind = "resource-server", audience = new[] { Stock }, introspection_signed_response_alg = "ES256" });
        await stories.MustAsync("enter", new { @as = "shop", issuer, id = "shop", jwk = shopKey });
        await stories.MustAsync("enter", new { @as = "orders", issuer, id = "orders", jwk = ordersKey });
        for (var i = 0; i < 3; i++)
            await stories.MustAsync("enter", new { @as = $"stock{i}", issuer, id = stock.Id, secret = stock.Secret, metadata = new { introspection_signed_response_alg = "ES256" }, node = cluster.Nodes[i].Address });

        var first = (await stories.MustAsync("clientCredentials", new { @as = "shop", scope = "stock:read", resource = Orders }))!;
        var second = (await stories.MustAsync("exchange", new { @as = "orders", subject_token = Text(first, "access_token"), resource = Stock }))!;
        Text(second, "issued_token_type").ShouldBe("urn:ietf:params:oauth:token-type:access_token");
        Text(second, "scope").ShouldBe("stock:read");

        // Whoever is asked, with a signature that the resource server checks itself.
        for (var i = 0; i < 3; i++)
        {
            var told = (await stories.MustAsync("introspect", new { @as = $"stock{i}", token = Text(second, "access_token") }))!;
            (told["active"]!.GetValue<bool>(), Text(told, "sub"), Text(told, "client_id")).ShouldBe((true, "shop", "orders"), $"node {i}");
        }
        // And two caches that follow the feed of two nodes.
        await using var near = Cache(cluster.Nodes[1].Address, stock);
        await using var far = Cache(cluster.Nodes[2].Address, stock);
        foreach (var cache in (IntrospectionClient[])[near, far])
        {
            await Until.TrueAsync(async () => (await cache.IntrospectAsync(Text(second, "access_token"))).Source is IntrospectionSource.Memory, "the answer is kept");
            (await cache.IntrospectAsync(Text(second, "access_token"))).Outcome.ShouldBe(IntrospectionOutcome.Active);
        }

        await stories.MustAsync("revoke", new { @as = "shop", token = Text(first, "access_token") });

        for (var i = 0; i < 3; i++)
        {
            var told = (await stories.MustAsync("introspect", new { @as = $"stock{i}", token = Text(second, "access_token") }))!;
            told.ToJsonString().ShouldBe("""{"active":false}""", $"node {i}");
        }
        foreach (var cache in (IntrospectionClient[])[near, far])
            await Until.TrueAsync(async () => (await cache.IntrospectAsync(Text(second, "access_token"))).Outcome is IntrospectionOutcome.Inactive, "the cache knows");
        // What was ended is exchanged no more.
        Text(await stories.DoAsync("exchange", new { @as = "orders", subject_token = Text(first, "access_token"), resource = Stock }), "error").ShouldBe("invalid_request");
    }

    [Fact]
    public async Task O06_F02_A_public_client_refreshes_with_its_key_and_a_token_that_is_used_twice_ends_the_family()
    {
        await using var stories = await Stories.BeginAsync();
        await using var server = await ServerProcess.StartAsync(ServerSetup.Usual);
        var issuer = server.Address.GetLeftPart(UriPartial.Authority);
        await server.Admin.AddClientAsync(new { client_id = "spa", kind = "client", @public = true, audience = new[] { Orders }, scope = "orders:read orders:write", grants = new { grant_types = new[] { "refresh_token" } } });
        var orders = await server.Admin.AddResourceServerAsync("orders", Orders);
        await stories.MustAsync("enter", new { @as = "spa", issuer, id = "spa" });
        await stories.MustAsync("enter", new { @as = "orders", issuer, id = orders.Id, secret = orders.Secret });

        // Another authorization server has authenticated the user.
        var begun = await server.Admin.IssueAsync(new { kind = "refresh_token", client_id = "spa", sub = "u-4821", scope = "orders:read orders:write", aud = Orders });
        var first = (await stories.MustAsync("refresh", new { @as = "spa", key = "phone", refresh_token = begun, scope = "orders:read" }))!;
        (Text(first, "token_type").ToLowerInvariant(), Text(first, "scope")).ShouldBe(("dpop", "orders:read"));
        var told = (await stories.MustAsync("introspect", new { @as = "orders", token = Text(first, "access_token") }))!;
        (told["active"]!.GetValue<bool>(), Text(told, "sub"), told["cnf"]!["jkt"] is not null).ShouldBe((true, "u-4821", true));

        // From now on it is the key's: with another one, or none, it is worth nothing.
        Text(await stories.DoAsync("refresh", new { @as = "spa", key = "thief", refresh_token = Text(first, "refresh_token") }), "error").ShouldBe("invalid_grant");
        Text(await stories.DoAsync("refresh", new { @as = "spa", refresh_token = Text(first, "refresh_token") }), "error").ShouldBe("invalid_grant");
        var second = (await stories.MustAsync("refresh", new { @as = "spa", key = "phone", refresh_token = Text(first, "refresh_token") }))!;
        Text(second, "scope").ShouldBe("orders:read orders:write");

        Text(await stories.DoAsync("refresh", new { @as = "spa", key = "phone", refresh_token = Text(first, "refresh_token") }), "error").ShouldBe("invalid_grant");
        foreach (var tokens in (JsonNode[])[first, second])
            (await stories.MustAsync("introspect", new { @as = "orders", token = Text(tokens, "access_token") }))!.ToJsonString().ShouldBe("""{"active":false}""");
        Text(await stories.DoAsync("refresh", new { @as = "spa", key = "phone", refresh_token = Text(second, "refresh_token") }), "error").ShouldBe("invalid_grant");
    }

    private static IntrospectionClient Cache(Uri node, TestClient caller) => new(new TokenIntrospectionOptions
    {
        ClientId = caller.Id, ClientSecret = caller.Secret, IntrospectionEndpoint = new Uri(node, OAuthCalls.Introspect), FeedEndpoint = new Uri(node, "/feed"), RequireSignedAnswers = false,
    });

    private static string Text(JsonNode node, string name) => node[name]?.GetValue<string>() ?? throw new InvalidOperationException($"no {name} in {node.ToJsonString()}");
}

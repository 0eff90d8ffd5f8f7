using System.Buffers.Text;
using System.Security.Cryptography;
using Touchstone.Client;

namespace Touchstone.EndToEnd.Tests.Callers;

/// <summary>A client that knows the issuer and its own key, and nothing else: endpoints, audience of assertions, batches and the feed come from the metadata.</summary>
public sealed class DiscoveredServerTests(SharedServer shared)
{
    private const string Api = "https://discovered.acme.test/";

    [Fact]
    public async Task K04_A_resource_server_with_a_key_asks_in_batches_and_follows_the_feed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (caller, shop) = (SharedServer.Name("rs-key"), SharedServer.Name("shop"));
        await shared.Server.Admin.AddClientAsync(new { client_id = caller, kind = "resource-server", audience = new[] { Api }, auth_methods = new[] { "private_key_jwt" }, jwks = Set(key) });
        await shared.Server.Admin.AddClientAsync(shop, Api);
        await ShouldFollowAsync(key, caller, () => shared.Server.Admin.IssueAsync(new { client_id = shop, sub = "u-1", aud = Api }));
    }

    [Fact]
    public async Task K04_A_client_with_a_key_names_the_server_where_its_first_audience_is_another()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caller = SharedServer.Name("client-key");
        var issuer = shared.Server.Address.GetLeftPart(UriPartial.Authority);
        await shared.Server.Admin.AddClientAsync(
            new { client_id = caller, kind = "client", audience = new[] { Api, issuer }, scope = "touchstone:introspect", may_introspect = true, auth_methods = new[] { "private_key_jwt" }, jwks = Set(key) });
        await ShouldFollowAsync(key, caller, () => shared.Server.Admin.IssueAsync(new { client_id = caller, sub = "u-1", aud = Api }));
    }

    private async Task ShouldFollowAsync(ECDsa key, string caller, Func<Task<string>> issue)
    {
        var signing = new AssertionKey(key, "k1");
        await using var client = new IntrospectionClient(new TokenIntrospectionOptions
        {
            Issuer = new Uri(shared.Server.Address.GetLeftPart(UriPartial.Authority)), Authentication = ClientAuthentication.PrivateKeyJwt(caller, () => signing), BatchWindow = TimeSpan.FromMilliseconds(20),
        });
        var tokens = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => issue()));
        (await Task.WhenAll(tokens.Select(token => client.IntrospectAsync(token).AsTask()))).ShouldAllBe(result => result.IsActive);
        (await client.IntrospectAsync(tokens[0])).Source.ShouldBe(IntrospectionSource.Memory);

        (await shared.Server.Admin.PostAsync("/admin/revocations", new { token = tokens[0] })).Status.ShouldBe(200);
        await Until.TrueAsync(async () => !(await client.IntrospectAsync(tokens[0])).IsActive, "the feed tells of it", TimeSpan.FromSeconds(5));
        (await client.IntrospectAsync(tokens[1])).Source.ShouldBe(IntrospectionSource.Memory);
    }

    private static object Set(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new { keys = new[] { new { kty = "EC", crv = "P-256", kid = "k1", x = Base64Url.EncodeToString(point.X), y = Base64Url.EncodeToString(point.Y) } } };
    }
}

using Touchstone.Protocol.Jwt;
using Touchstone.Server.Tests.Rfc9068;

namespace Touchstone.Server.Tests.Signing;

/// <summary><c>jwks.json</c>: where it is, how long it may be kept, and when it is another one.</summary>
public sealed class JwksTests
{
    [Fact]
    public async Task It_may_be_cached_for_less_than_a_new_key_waits_and_is_told_apart_by_its_tag()
    {
        await using var server = await TestServer.StartAsync();
        var answer = await server.OAuth.GetAsync(Jwts.Jwks);
        answer.Status.ShouldBe(200);
        answer.Header("Content-Type").ShouldBe("application/json");
        answer.Header("Cache-Control").ShouldBe("public, max-age=300");
        answer.Header("Pragma").ShouldBeNull();
        var tag = answer.Header("ETag").ShouldNotBeNull();
        Jwts.NamesOf(answer.Json).ShouldBe(["keys"]);

        var same = await AskAsync(server, tag);
        (same.Status, same.Body.Length, same.Header("ETag"), same.Header("Cache-Control")).ShouldBe((304, 0, tag, "public, max-age=300"));
        (await AskAsync(server, "*")).Status.ShouldBe(304);
        (await AskAsync(server, "\"other\"")).Status.ShouldBe(200);
        await server.Admin.PostAsync("/admin/keys/rotate", new { });
        var changed = await AskAsync(server, tag);
        changed.Status.ShouldBe(200);
        changed.Header("ETag").ShouldNotBe(tag);
        KeySet.TryParse(changed.Body, out var keys, out _).ShouldBeTrue();
        keys.Keys.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("https://as.acme.test/tenants/north", "https://as.acme.test/.well-known/jwks.json/tenants/north")]
    [InlineData("https://as.acme.test:8443/as", "https://as.acme.test:8443/.well-known/jwks.json/as")]
    public async Task E01_With_a_path_of_the_issuer_it_stands_where_the_metadata_says(string issuer, string uri)
    {
        await using var server = await TestServer.StartAsync(options => options.Issuer = issuer);
        var metadata = await server.OAuth.GetAsync("/.well-known/oauth-authorization-server" + new Uri(issuer).AbsolutePath);
        metadata.Json.GetProperty("jwks_uri").GetString().ShouldBe(uri);
        (await server.OAuth.GetAsync(new Uri(uri).AbsolutePath)).Status.ShouldBe(200);
        (await server.OAuth.GetAsync(Jwts.Jwks)).Status.ShouldBe(404);
    }

    private static async Task<Answer> AskAsync(TestServer server, string tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Jwts.Jwks);
        request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return await server.OAuth.SendAsync(request);
    }
}

using System.Security.Cryptography;

namespace Touchstone.Client.Tests.Authentication;

/// <summary>Each method at a real server, at introspection and at the feed.</summary>
public sealed class CallerTests
{
    private static readonly AssertionOptions ForUs = new() { Audience = TestServer.DefaultIssuer };

    [Fact]
    public async Task A_secret_is_sent_as_Basic()
    {
        await using var shop = await CallerShop.OpenAsync();
        var caller = await shop.AddAsync("client_secret_basic");
        await using var client = shop.Client(ClientAuthentication.Basic(caller.Id, caller.Secret!));
        await shop.ShouldFollowAsync(client);
        (await shop.FailuresAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_caller_that_may_send_its_secret_in_bodies_only_follows_with_a_token()
    {
        await using var shop = await CallerShop.OpenAsync();
        var caller = await shop.AddAsync("client_secret_post");
        await using var client = shop.Client(ClientAuthentication.Post(caller.Id, caller.Secret!));
        await shop.ShouldFollowAsync(client);
        (await shop.FailuresAsync()).ShouldBe(["method_not_registered"], "it was found out with one poll that Basic is not registered");
    }

    [Theory]
    [InlineData("ES256"), InlineData("ES384"), InlineData("ES512"), InlineData("PS256"), InlineData("PS384"), InlineData("PS512"), InlineData("RS256"), InlineData("RS384"), InlineData("RS512")]
    public async Task K01_A_signed_assertion_and_at_the_feed_a_token(string algorithm)
    {
        await using var shop = await CallerShop.OpenAsync();
        var key = Keys.Of(algorithm);
        var caller = await shop.AddAsync("private_key_jwt", Keys.Set(Keys.Jwk(key, "k1")));
        var signing = new AssertionKey(key, "k1", algorithm);
        await using var client = shop.Client(ClientAuthentication.PrivateKeyJwt(caller.Id, () => signing, ForUs));
        await shop.ShouldFollowAsync(client);
        (await shop.FailuresAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("HS256"), InlineData("HS384"), InlineData("HS512")]
    public async Task K01_An_assertion_under_the_secret_and_at_the_feed_a_token(string algorithm)
    {
        await using var shop = await CallerShop.OpenAsync();
        var secret = RandomNumberGenerator.GetHexString(80);
        var caller = await shop.AddAsync("client_secret_jwt", secret: secret);
        await using var client = shop.Client(ClientAuthentication.ClientSecretJwt(caller.Id, () => secret, algorithm, ForUs));
        await shop.ShouldFollowAsync(client);
        (await shop.FailuresAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task M01_A_certificate_in_TLS_and_at_the_feed_the_identifier_in_the_query()
    {
        await using var shop = await CallerShop.OpenAsync();
        using var certificate = CallerShop.SelfSigned("CN=orders");
        var caller = await shop.AddAsync("self_signed_tls_client_auth", Keys.Set(certificate));
        var authentication = ClientAuthentication.TlsCertificate(caller.Id, () => certificate);
        using var http = Certificates.Http(authentication);
        await using var client = shop.Client(authentication, shop.Https, http);
        await shop.ShouldFollowAsync(client);
        (await shop.FailuresAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_token_of_the_caller()
    {
        await using var shop = await CallerShop.OpenAsync();
        await shop.AddAsync("client_secret_basic");
        var token = await shop.Server.Admin.IssueAsync(new { client_id = "rs-orders", scope = "touchstone:introspect", aud = TestServer.DefaultIssuer });
        await using var client = shop.Client(ClientAuthentication.Bearer(_ => new(token)));
        await shop.ShouldFollowAsync(client);
    }

    [Fact]
    public async Task L13_Each_request_has_an_assertion_of_its_own()
    {
        await using var shop = await CallerShop.OpenAsync();
        var key = Keys.Of("ES256");
        await shop.AddAsync("private_key_jwt", Keys.Set(Keys.Jwk(key)));
        var signing = new AssertionKey(key);
        await using var client = shop.Client(ClientAuthentication.PrivateKeyJwt("rs-orders", () => signing, ForUs));
        var tokens = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shop.TokenAsync()));
        (await Task.WhenAll(tokens.Select(token => client.IntrospectAsync(token).AsTask()))).ShouldAllBe(result => result.IsActive);
        (await shop.FailuresAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task L13_One_that_is_sent_again_and_refused_for_it_is_made_anew()
    {
        await using var shop = await CallerShop.OpenAsync();
        var key = Keys.Of("ES256");
        await shop.AddAsync("private_key_jwt", Keys.Set(Keys.Jwk(key)));
        var signing = new AssertionKey(key);
        await using var client = shop.Client(ClientAuthentication.PrivateKeyJwt("rs-orders", () => signing, ForUs with { ReuseFor = TimeSpan.FromSeconds(30) }));
        for (var i = 0; i < 4; i++) (await client.IntrospectAsync(await shop.TokenAsync())).IsActive.ShouldBeTrue();
        (await shop.FailuresAsync()).ShouldContain("assertion_replayed");
    }

    [Fact]
    public async Task The_token_for_the_feed_is_renewed_when_it_is_refused()
    {
        await using var shop = await CallerShop.OpenAsync();
        var key = Keys.Of("ES256");
        await shop.AddAsync("private_key_jwt", Keys.Set(Keys.Jwk(key)));
        var signing = new AssertionKey(key);
        await using var client = shop.Client(ClientAuthentication.PrivateKeyJwt("rs-orders", () => signing, ForUs));
        await shop.ShouldFollowAsync(client);

        // What the caller has is ended, its token as well. It gets another one, and knows of the row that ended the first.
        var ended = (await shop.Server.Admin.PostAsync(AdminCalls.Revocations, new { client_id = "rs-orders" })).Json.GetProperty("seq").GetInt64();
        await shop.ShouldFollowAsync(client);
        client.Follower.View.Head.Seq.ShouldBeGreaterThan(ended);
    }
}
